package io.gymbridge.core;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * T steps of N lanes that a policy made by itself, where the environments are. In every array the
 * steps come one after the other, and in each of them the lanes: step t of lane i is at {@code t *
 * N + i}. Immutable by convention: the arrays are not copied.
 *
 * @param observations (T + 1, N, …): before each step what the policy saw, and those after the last
 * @param actions (T, N, …), as the environments got them
 * @param rewards T × N of them
 * @param terminated T × N of them, as in {@link VectorEnv.Step}
 * @param truncated T × N of them, as in {@link VectorEnv.Step}
 * @param resets T × N of them: true where the step only began an episode, as {@link
 *     AutoresetMode#NEXT_STEP} has it
 * @param lost T × N of them: true where the environment was lost, as in {@link VectorEnv.Step}; the
 *     next observation is the first one of another episode, and the row's own may be zeros
 * @param finalObservations {@link AutoresetMode#SAME_STEP} only: the last observations of the
 *     episodes that ended, (E, …), in the order of steps and lanes; null where none did
 * @param logProbabilities T × N of them: of the actions as they were drawn; empty where they were
 *     not
 * @param samples (T, N, components), float32: Gaussian actions as they were drawn, before they were
 *     clipped to the action space; null for other policies, and where none were drawn
 * @param distribution what they were drawn from, float32, where it was asked for: mean and log_std,
 *     (T, N, components) each, or logits, (T, N, choices of all components)
 * @param policyVersions T × N of them: which version acted; 0 where the lane was lost
 * @param draws which random numbers the actions have
 */
public record Rollout(
    NdArray observations,
    NdArray actions,
    double[] rewards,
    boolean[] terminated,
    boolean[] truncated,
    boolean[] resets,
    boolean[] lost,
    @Nullable NdArray finalObservations,
    double[] logProbabilities,
    @Nullable NdArray samples,
    List<NdArray> distribution,
    long[] policyVersions,
    Draws draws) {

  /**
   * Where in the generator of actions a rollout is: step t of lane i has the numbers of lane i and
   * step {@code firstStep + t}.
   *
   * @param seed the generator's key
   * @param firstStep number of the first step
   */
  public record Draws(long seed, long firstStep) {}

  /** Number of steps, T. */
  public int steps() {
    return actions.shape()[0];
  }

  /** Number of lanes, N. */
  public int lanes() {
    return actions.shape()[1];
  }

  /** Whether a step is a transition, from which something can be learned: no reset, and no loss. */
  public boolean isTransition(int step, int lane) {
    int at = step * lanes() + lane;
    return !resets[at] && !lost[at];
  }

  /** Whether a lane's episode ended with a step, for either reason. */
  public boolean ended(int step, int lane) {
    int at = step * lanes() + lane;
    return terminated[at] || truncated[at];
  }
}
