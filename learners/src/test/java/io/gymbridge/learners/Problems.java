package io.gymbridge.learners;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.Transitions;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.envs.Envs;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Small problems to learn. */
final class Problems {
  static final Box OBSERVATIONS = Box.of(DType.FLOAT64, -5, 5, 3);
  static final Box ACTIONS = Box.of(DType.FLOAT32, -2, 2, 2);

  private Problems() {}

  /** Transitions of a smooth function: a₀ = sin(x₀) + x₁/5, a₁ = x₁x₂/10; ten in an episode. */
  static Transitions smooth(int n, long seed) {
    double[] observations = new SplittableRandom(seed).doubles(3L * n, -5, 5).toArray();
    double[] actions = new double[2 * n];
    int[] episodes = new int[n];
    for (int i = 0; i < n; i++) {
      actions[2 * i] = Math.sin(observations[3 * i]) + observations[3 * i + 1] / 5;
      actions[2 * i + 1] = observations[3 * i + 1] * observations[3 * i + 2] / 10;
      episodes[i] = i / 10;
    }
    NdArray seen = NdArray.of(observations, n, 3);
    return new Transitions(
        OBSERVATIONS,
        ACTIONS,
        seen,
        ACTIONS.clip(NdArray.of(actions, n, 2)),
        seen,
        new boolean[n],
        episodes);
  }

  /** Random observations with random actions. */
  static Transitions random(Space observationSpace, Space actionSpace, int n, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    List<Value> seen = new ArrayList<>();
    List<Value> done = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      seen.add(observationSpace.sample(random));
      done.add(actionSpace.sample(random));
    }
    Value observations = Value.stack(seen);
    return new Transitions(
        observationSpace,
        actionSpace,
        observations,
        Value.stack(done),
        observations,
        new boolean[n],
        new int[n]);
  }

  static double meanSquaredError(PolicyNetwork network, Transitions transitions) {
    double[] got = network.decide(transitions.observations()).toDoubles();
    double[] expected = transitions.actions().array().toDoubles();
    double sum = 0;
    for (int i = 0; i < got.length; i++) {
      sum += (got[i] - expected[i]) * (got[i] - expected[i]);
    }
    return sum / got.length;
  }

  static VectorEnv cartPoles(int lanes, AutoresetMode mode) {
    return new SyncVectorEnv(() -> Envs.make("CartPole-v1"), lanes, mode);
  }

  /** Pushes to the side to which the pole falls, which balances it for ever. */
  static Policy balancer() {
    EnvSpec spec = Envs.make("CartPole-v1").spec();
    return new Policy() {
      @Override
      public Space observationSpace() {
        return spec.observationSpace();
      }

      @Override
      public Space actionSpace() {
        return spec.actionSpace();
      }

      @Override
      public Value act(Value observations, boolean deterministic) {
        NdArray seen = observations.array();
        long[] pushes = new long[seen.batchSize()];
        for (int i = 0; i < pushes.length; i++) {
          pushes[i] = seen.getDouble(4 * i + 2) + 0.5 * seen.getDouble(4 * i + 3) > 0 ? 1 : 0;
        }
        return NdArray.of(pushes, pushes.length);
      }
    };
  }
}
