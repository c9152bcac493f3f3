package io.gymbridge.cli;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
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
      description =
          "After so many steps, at the end of a round. Default: 100000; of DAgger, after each round.")
  @Nullable Long every;

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

  /** Steps between two checkpoints. */
  long every(long otherwise) {
    return every == null ? otherwise : every;
  }

  /**
   * The folder, begun or gone on with; null where none was asked for.
   *
   * @param facts what else the training is made from
   */
  @Nullable Checkpoints open(String algorithm, String environment, Map<String, Object> facts) {
    if (folder == null) {
      return null;
    }
    Map<String, Object> run = new LinkedHashMap<>(facts);
    run.put("algorithm", algorithm);
    run.put("environment", environment);
    return Checkpoints.open(folder, keep, run, resume);
  }

  void check() {
    if (folder == null && resume) {
      throw new UserError("--resume wants --checkpoints DIR, where the training was saved");
    }
    if ((every != null && every < 1) || keep < 1 || episodes < 0) {
      throw new UserError(
          "--checkpoint-every and --checkpoint-keep must be at least 1, --checkpoint-episodes at least 0");
    }
  }
}
