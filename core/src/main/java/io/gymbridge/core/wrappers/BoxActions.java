package io.gymbridge.core.wrappers;

import io.gymbridge.core.Box;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import java.util.Arrays;
import java.util.List;

/** What the wrappers that change actions in a {@link Box} share. */
final class BoxActions {
  private BoxActions() {}

  /** The environment's action space; {@link IllegalArgumentException} for another kind. */
  static Box of(EnvSpec spec, String wrapper) {
    if (spec.actionSpace() instanceof Box box) {
      return box;
    }
    throw new IllegalArgumentException(
        wrapper + " wants a Box of actions, " + spec.id() + " has " + spec.actionSpace());
  }

  /** A member of the box as a batch of one; {@link GymException} for anything else. */
  static NdArray batchOfOne(Value action, Box box) {
    String mismatch = box.whyNot(action);
    if (mismatch != null) {
      throw new GymException(Kind.INVALID_ARGUMENT, "action: " + mismatch);
    }
    return Value.stack(List.of(action)).array();
  }

  /**
   * A batch of the box's type and shape; {@link GymException} for anything else. The numbers in it
   * are not looked at: NEXT_STEP ignores some lanes'.
   */
  static NdArray batch(Value actions, Box box, int lanes) {
    int[] shape = new int[box.shape().length + 1];
    shape[0] = lanes;
    System.arraycopy(box.shape(), 0, shape, 1, box.shape().length);
    if (actions instanceof NdArray array
        && array.dtype() == box.dtype()
        && Arrays.equals(array.shape(), shape)) {
      return array;
    }
    throw new GymException(
        Kind.INVALID_ARGUMENT,
        "actions: got %s, expected %s%s, %d members of %s"
            .formatted(
                actions instanceof NdArray array
                    ? array.dtype().numpyName() + Arrays.toString(array.shape())
                    : "a composite value",
                box.dtype().numpyName(),
                Arrays.toString(shape),
                lanes,
                box));
  }
}
