package io.gymbridge.cli;

import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.VectorEnv;
import java.util.List;

/** Plays episodes under a progress bar. */
final class Play {
  private Play() {}

  static List<Trajectory> episodes(
      String task, VectorEnv env, Policy policy, boolean deterministic, int episodes, long seed) {
    if (episodes < 1) {
      throw new UserError("--episodes must be at least 1, got " + episodes);
    }
    try (ProgressLine progress = new ProgressLine(task, episodes)) {
      return EpisodeLoop.play(
          env, policy, deterministic, episodes, seed, episode -> progress.step());
    }
  }

  static Evaluation evaluate(
      String task, VectorEnv env, Policy policy, boolean deterministic, int episodes, long seed) {
    return Evaluation.of(episodes(task, env, policy, deterministic, episodes, seed));
  }
}
