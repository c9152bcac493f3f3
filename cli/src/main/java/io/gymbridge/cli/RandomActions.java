package io.gymbridge.cli;

import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** Acts at random, evenly from the whole action space: the zero of normalised returns. */
record RandomActions(Space observationSpace, Space actionSpace, SplittableRandom random)
    implements Policy {
  static RandomActions of(EnvSpec spec, long seed) {
    return new RandomActions(
        spec.observationSpace(), spec.actionSpace(), new SplittableRandom(seed));
  }

  @Override
  public Value act(Value observations, boolean deterministic) {
    List<Value> actions = new ArrayList<>();
    for (int i = 0; i < observations.batchSize(); i++) {
      actions.add(actionSpace.sample(random));
    }
    return Value.stack(actions);
  }
}
