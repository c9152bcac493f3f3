package io.gymbridge.cli;

import io.gymbridge.policies.PolicyBundle;
import io.gymbridge.server.ServedPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Reads the bundles of a folder for serving. */
final class Bundles {
  private Bundles() {}

  /** Every {@code .zip} of a folder, or one file; each checked, or the reason why not thrown. */
  static List<ServedPolicy> load(Path source) {
    if (Files.isRegularFile(source)) {
      return List.of(served(source));
    }
    if (!Files.isDirectory(source)) {
      throw new UserError("no folder or bundle at " + source);
    }
    try (Stream<Path> files = Files.list(source)) {
      List<ServedPolicy> policies =
          files
              .filter(file -> file.toString().endsWith(".zip"))
              .sorted()
              .map(Bundles::served)
              .toList();
      if (policies.isEmpty()) {
        throw new UserError(
            "no bundle (*.zip) in "
                + source
                + ": `gymbridge train … --out "
                + source
                + "/NAME.zip` makes one");
      }
      return policies;
    } catch (IOException e) {
      throw new UserError("cannot read " + source + ": " + e.getMessage(), e);
    }
  }

  private static ServedPolicy served(Path file) {
    PolicyBundle bundle = PolicyBundle.read(file);
    String name = file.getFileName().toString().replaceFirst("\\.zip$", "");
    return new ServedPolicy(
        name,
        bundle.version(),
        bundle.policy(0),
        bundle.manifest().stochastic(),
        bundle.manifest().provenance());
  }
}
