package io.gymbridge.core.wrappers;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import java.util.Arrays;

/**
 * Takes actions without bounds and clips them to those of the environment's {@link Box}. NaN is
 * refused.
 */
public final class ClipAction extends Wrapper {
  private final Box bounds;
  private final Box unbounded;
  private final EnvSpec spec;

  /**
   * Wraps an environment.
   *
   * @throws IllegalArgumentException if its action space is no Box
   */
  public ClipAction(Env env) {
    super(env);
    bounds = BoxActions.of(env.spec(), "ClipAction");
    unbounded = unbounded(bounds);
    spec = env.spec().withActionSpace(unbounded);
  }

  /** All numbers of the box's type: infinite bounds, or an integer type's least and greatest. */
  static Box unbounded(Box box) {
    if (box.dtype().isFloating()) {
      return Box.of(box.dtype(), Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, box.shape());
    }
    return new Box(filled(box, least(box.dtype())), filled(box, greatest(box.dtype())));
  }

  private static NdArray filled(Box box, long value) {
    long[] values = new long[box.flatSize()];
    Arrays.fill(values, value);
    return NdArray.ofLongs(box.dtype(), values, box.shape());
  }

  private static long least(DType dtype) {
    return switch (dtype) {
      case INT8 -> Byte.MIN_VALUE;
      case INT16 -> Short.MIN_VALUE;
      case INT32 -> Integer.MIN_VALUE;
      case INT64 -> Long.MIN_VALUE;
      default -> 0;
    };
  }

  private static long greatest(DType dtype) {
    return dtype == DType.BOOL ? 1 : -1 - least(dtype);
  }

  @Override
  public EnvSpec spec() {
    return spec;
  }

  @Override
  public Step step(Value action) {
    return env.step(bounds.clip(BoxActions.batchOfOne(action, unbounded)).row(0));
  }

  @Override
  protected void exchange(EnvState state) {}
}
