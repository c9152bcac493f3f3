package io.gymbridge.cli;

import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Whether and how a training can be interrupted. */
final class CheckpointOptions {
  @Option(
      names = "--checkpoints",
      paramLabel = "DIR",
      description =
          "Save the training there now and then, with all that it needs to go on: networks, optimisers, statistics, "
              + "replay, generators, environments.")
  @Nullable Path folder;

  @Option(
      names = "--checkpoint-every",
      paramLabel = "N",
      defaultValue = "100000",
      description = "After so many steps. Default: ${DEFAULT-VALUE}.")
  long every = 100_000;

  @Option(
      names = "--checkpoint-keep",
      paramLabel = "K",
      defaultValue = "3",
      description = "Keep the last K. Default: ${DEFAULT-VALUE}.")
  int keep = 3;

  @Option(
      names = "--checkpoint-episodes",
      paramLabel = "N",
      defaultValue = "5",
      description =
          "Evaluate each with N deterministic episodes, and keep the best policy as DIR/best.zip; 0 for not at all. "
              + "Default: ${DEFAULT-VALUE}.")
  int episodes = 5;

  @Option(
      names = "--resume",
      description =
          "Go on from the last checkpoint in --checkpoints, if there is one: the result is the same, bit for bit, as "
              + "without the interruption.")
  boolean resume;

  void check() {
    if (folder == null && resume) {
      throw new UserError("--resume wants --checkpoints DIR, where the training was saved");
    }
    if (every < 1 || keep < 1 || episodes < 0) {
      throw new UserError(
          "--checkpoint-every and --checkpoint-keep must be at least 1, --checkpoint-episodes at least 0");
    }
  }
}
