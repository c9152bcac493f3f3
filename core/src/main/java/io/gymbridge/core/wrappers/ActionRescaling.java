package io.gymbridge.core.wrappers;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import java.util.Arrays;

/**
 * The affine map from a chosen box onto an environment's, component by component. It is calculated
 * in the environment's type, in Gymnasium's order of operations.
 */
final class ActionRescaling {
  private final Box target;
  private final Box source;
  private final double[] gradient;
  private final double[] intercept;

  ActionRescaling(Box target, NdArray minAction, NdArray maxAction) {
    if (!target.dtype().isFloating()) {
      throw new IllegalArgumentException("expected actions of a floating type, got " + target);
    }
    if (!Arrays.equals(minAction.shape(), target.shape())
        || !Arrays.equals(maxAction.shape(), target.shape())) {
      throw new IllegalArgumentException(
          "minAction is %s and maxAction %s, expected the shape %s"
              .formatted(minAction, maxAction, Arrays.toString(target.shape())));
    }
    int size = target.flatSize();
    this.target = target;
    this.gradient = new double[size];
    this.intercept = new double[size];
    for (int i = 0; i < size; i++) {
      fit(i, minAction.getDouble(i), maxAction.getDouble(i));
    }
    this.source =
        new Box(
            NdArray.ofDoubles(target.dtype(), minAction.toDoubles(), target.shape()),
            NdArray.ofDoubles(target.dtype(), maxAction.toDoubles(), target.shape()));
  }

  /** The same bounds for all components. */
  ActionRescaling(Box target, double minAction, double maxAction) {
    this(target, filled(target, minAction), filled(target, maxAction));
  }

  private static NdArray filled(Box box, double value) {
    double[] values = new double[box.flatSize()];
    Arrays.fill(values, value);
    return NdArray.of(values, box.shape());
  }

  private void fit(int i, double min, double max) {
    double low = target.low().getDouble(i);
    double high = target.high().getDouble(i);
    if (!matches(min, low) || !matches(max, high)) {
      throw new IllegalArgumentException(
          "component %d: cannot map [%s, %s] onto [%s, %s]: an infinite bound wants the same one"
              .formatted(i, min, max, low, high));
    }
    if (!(min < max && low < high)) {
      throw new IllegalArgumentException(
          "component %d: cannot map [%s, %s] onto [%s, %s]: each wants more than one value"
              .formatted(i, min, max, low, high));
    }
    boolean bothFinite = Double.isFinite(min) && Double.isFinite(max);
    gradient[i] = bothFinite ? round((max - min) / (high - low)) : 1;
    if (Double.isFinite(min)) {
      intercept[i] = round(round(gradient[i] * -low) + min);
    } else if (Double.isFinite(max)) {
      intercept[i] = round(max - high);
    }
  }

  private static boolean matches(double chosen, double given) {
    return chosen == given || (Double.isFinite(chosen) && Double.isFinite(given));
  }

  /** Where the actions to map lie. */
  Box source() {
    return source;
  }

  /**
   * Maps a batch. An action inside the source lies inside the target, even where rounding would
   * carry it a little way out; one outside lies outside.
   */
  NdArray apply(NdArray batch) {
    double[] values = batch.toDoubles();
    for (int i = 0; i < values.length; i++) {
      int component = i % gradient.length;
      double mapped = round(round(values[i] - intercept[component]) / gradient[component]);
      boolean inside =
          values[i] >= source.low().getDouble(component)
              && values[i] <= source.high().getDouble(component);
      values[i] = inside ? clip(mapped, component) : mapped;
    }
    return NdArray.ofDoubles(target.dtype(), values, batch.shape());
  }

  private double clip(double value, int component) {
    double low = target.low().getDouble(component);
    double high = target.high().getDouble(component);
    return Math.max(low, Math.min(high, value));
  }

  private double round(double value) {
    return target.dtype() == DType.FLOAT64 ? value : (float) value;
  }
}
