package io.gymbridge.cli;

import io.gymbridge.core.Box;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.util.Collections;
import java.util.List;

/**
 * Does nothing: zeros in a Box (as near as its bounds allow), the first of a Discrete space's
 * actions.
 */
record Reference(Space observationSpace, Space actionSpace) implements Policy {
  static Reference doingNothing(EnvSpec spec) {
    return new Reference(spec.observationSpace(), spec.actionSpace());
  }

  @Override
  public Value act(Value observations, boolean deterministic) {
    int n = observations.batchSize();
    if (actionSpace instanceof Box box) {
      int[] shape = new int[box.shape().length + 1];
      shape[0] = n;
      System.arraycopy(box.shape(), 0, shape, 1, shape.length - 1);
      return box.clip(NdArray.ofDoubles(box.dtype(), new double[n * box.flatSize()], shape));
    }
    if (actionSpace instanceof Discrete discrete) {
      NdArray first = NdArray.ofLongs(discrete.dtype(), new long[] {discrete.start()});
      List<Value> actions = Collections.nCopies(n, first);
      return Value.stack(actions);
    }
    throw new UserError("no action of " + actionSpace + " stands for doing nothing");
  }
}
