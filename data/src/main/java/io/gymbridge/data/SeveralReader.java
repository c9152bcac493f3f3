package io.gymbridge.data;

import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.Trajectory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Minari data sets of one environment, one after the other, each open while it is read. */
final class SeveralReader implements DemonstrationReader {
  private final EnvSpec spec;
  private final Iterator<Path> files;
  private final List<String> notes = new ArrayList<>();
  private @Nullable MinariReader current;

  SeveralReader(List<Path> files, EnvSpec spec) {
    this.files = files.iterator();
    this.spec = spec;
  }

  @Override
  public @Nullable Trajectory next() {
    while (true) {
      MinariReader reader = current;
      if (reader != null) {
        Trajectory next = reader.next();
        if (next != null) {
          return next;
        }
        close();
      }
      if (!files.hasNext()) {
        return null;
      }
      current = new MinariReader(files.next(), spec);
    }
  }

  @Override
  public List<String> notes() {
    List<String> all = new ArrayList<>(notes);
    if (current != null) {
      all.addAll(current.notes());
    }
    return all;
  }

  @Override
  public void close() {
    if (current != null) {
      notes.addAll(current.notes());
      current.close();
      current = null;
    }
  }
}
