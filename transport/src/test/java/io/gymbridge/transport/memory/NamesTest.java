package io.gymbridge.transport.memory;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class NamesTest {
  /** More than any system gives. */
  private static final String NOBODY = "4194999";

  @TempDir private Path parent = Path.of("");
  private final Instant old = Instant.now().minus(Duration.ofMinutes(2));

  private Path directory(String name, Instant modified) throws IOException {
    Path directory = Files.createDirectory(parent.resolve(name));
    Files.createFile(directory.resolve("memory"));
    Files.setLastModifiedTime(directory, FileTime.from(modified));
    return directory;
  }

  private void clean() throws IOException {
    Names.removeStale(parent, Files.getOwner(parent));
  }

  @Test
  void whatADeadProcessLeft_isRemoved() throws IOException {
    Path stale = directory("gymbridge-" + NOBODY + "-abc", old);
    clean();
    assertFalse(Files.exists(stale));
  }

  @Test
  void whatALiveProcessHas_stays() throws IOException {
    Path own = directory("gymbridge-" + ProcessHandle.current().pid() + "-abc", old);
    clean();
    assertTrue(Files.exists(own));
  }

  @Test
  void whatIsNew_stays() throws IOException {
    Path young = directory("gymbridge-" + NOBODY + "-abc", Instant.now());
    clean();
    assertTrue(Files.exists(young));
  }

  @Test
  void whatHasAnotherName_stays() throws IOException {
    Path other = directory("gymbridge-mine-abc", old);
    Path longer = directory("gymbridge-" + NOBODY + NOBODY + "-abc", old);
    clean();
    assertTrue(Files.exists(other) && Files.exists(longer));
  }
}
