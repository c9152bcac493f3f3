package io.gymbridge.cli;

import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.Resumable;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Saves a training now and then, and before that finds out whether its policy is the best so far,
 * in environments of its own. Does nothing where no checkpoints were asked for. Not thread-safe.
 */
final class CheckpointEvaluator implements AutoCloseable {
  private final String algorithm;
  private final int episodes;
  private final long seed;
  private final @Nullable Checkpoints checkpoints;
  private final @Nullable VectorEnv env;

  /**
   * Opens the environments.
   *
   * @param seed of the training
   * @param checkpoints null for none
   */
  CheckpointEvaluator(
      String algorithm,
      EnvironmentOptions environment,
      CheckpointOptions saving,
      long seed,
      @Nullable Checkpoints checkpoints) {
    this.algorithm = algorithm;
    this.episodes = saving.episodes;
    this.seed = seed;
    this.checkpoints = checkpoints;
    this.env =
        checkpoints == null || episodes == 0
            ? null
            : environment.open(Math.min(environment.numEnvs, episodes));
  }

  /** Goes on from the last checkpoint, where there is one. */
  void restore(Resumable training) {
    if (checkpoints != null) {
      checkpoints.restore(training);
    }
  }

  /** Evaluates and saves the training as it is. */
  void save(Resumable training) {
    if (checkpoints == null) {
      return;
    }
    if (env != null) {
      evaluate(training, checkpoints, env);
    }
    checkpoints.save(training);
  }

  private void evaluate(Resumable training, Checkpoints folder, VectorEnv own) {
    List<Trajectory> played;
    try (Policy policy = training.policy().toPolicy(0)) {
      played = EpisodeLoop.play(own, policy, true, episodes, seed + 2_000_000, episode -> {});
    }
    Evaluation evaluation = Evaluation.of(played);
    if (!folder.evaluated(training.steps(), evaluation.mean(), evaluation.sd())) {
      return;
    }
    Map<String, Object> provenance =
        Map.of(
            "seed", seed, "steps", training.steps(), "evaluation", Outputs.evaluation(evaluation));
    try {
      training
          .policy()
          .toBundle("best", algorithm, own.spec().id(), provenance, played.get(0).observations())
          .write(folder.best());
    } catch (IOException e) {
      throw new UserError("cannot write " + folder.best() + ": " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    if (env != null) {
      env.close();
    }
  }
}
