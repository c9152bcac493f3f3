package io.gymbridge.core.wrappers;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;

/** What the two wrappers that normalise observations share. */
final class ObservationNormalizer {
  private final Box space;
  private final double epsilon;
  private final RunningMeanStd statistics;
  private boolean updates = true;

  ObservationNormalizer(Space observed, double epsilon) {
    checkEpsilon(epsilon);
    this.space =
        Box.of(
            DType.FLOAT32, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, shapeOf(observed));
    this.epsilon = epsilon;
    this.statistics = new RunningMeanStd(space.flatSize(), precisionOf(observed));
  }

  static void checkEpsilon(double epsilon) {
    if (!(epsilon > 0)) {
      throw new IllegalArgumentException("epsilon must be above 0, got " + epsilon);
    }
  }

  private static int[] shapeOf(Space space) {
    if (space instanceof Box box) {
      return box.shape();
    }
    if (space instanceof Discrete) {
      return new int[0];
    }
    if (space instanceof MultiDiscrete discrete) {
      return discrete.shape();
    }
    if (space instanceof MultiBinary binary) {
      return binary.shape().stream().mapToInt(Integer::intValue).toArray();
    }
    throw new IllegalArgumentException(
        "cannot normalise " + space + ": flatten the observations first");
  }

  /** NumPy's type of the mean of such observations, but for float16. */
  private static DType precisionOf(Space space) {
    return space instanceof Box box && box.dtype().isFloating() && box.dtype() != DType.FLOAT64
        ? DType.FLOAT32
        : DType.FLOAT64;
  }

  /** Space of the normalised observations: unbounded, {@code float32}. */
  Box space() {
    return space;
  }

  RunningMeanStd statistics() {
    return statistics;
  }

  boolean updates() {
    return updates;
  }

  void setUpdates(boolean on) {
    updates = on;
  }

  /** Takes a batch into account, unless updates are off. */
  void update(Value batch) {
    if (updates) {
      statistics.update(batch.array().toDoubles());
    }
  }

  NdArray normalize(Value batch) {
    NdArray array = batch.array();
    return NdArray.ofDoubles(
        DType.FLOAT32, statistics.normalize(array.toDoubles(), epsilon), array.shape());
  }

  void exchange(EnvState state) {
    statistics.exchange(state);
    updates = state.flag(updates);
  }
}
