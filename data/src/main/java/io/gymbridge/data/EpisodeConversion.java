package io.gymbridge.data;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Trajectory;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Turns an episode's arrays, as files hold them, into a trajectory of an environment's spaces:
 * types converted where no number changes but by rounding, all numbers finite (but for rewards that
 * are unknown: all NaN), actions outside a Box moved to its bounds, which is what the environment
 * would do. Errors are {@link IOException}s that name the array.
 */
final class EpisodeConversion {
  private final Space observationSpace;
  private final Space actionSpace;
  private final Form observationForm;
  private final Form actionForm;
  private final String observationName;
  private final String actionName;
  private final String rewardName;
  private int clippedActions;

  /** How a space's members lie in an array. */
  private record Form(DType dtype, int[] shape) {
    static Form of(Space space) throws IOException {
      if (space instanceof Box box) {
        return new Form(box.dtype(), box.shape());
      }
      if (space instanceof Discrete discrete) {
        return new Form(discrete.dtype(), new int[0]);
      }
      if (space instanceof MultiDiscrete multi) {
        return new Form(multi.dtype(), multi.shape());
      }
      if (space instanceof MultiBinary multi) {
        return new Form(DType.INT8, multi.dimensions());
      }
      throw new IOException(
          "the environment has the space %s, the learners take plain arrays: flatten it with a wrapper and record anew"
              .formatted(space));
    }
  }

  /** With the names that the files give to observations, actions and rewards. */
  EpisodeConversion(
      Space observationSpace,
      Space actionSpace,
      String observationName,
      String actionName,
      String rewardName)
      throws IOException {
    this.observationSpace = observationSpace;
    this.actionSpace = actionSpace;
    this.observationForm = Form.of(observationSpace);
    this.actionForm = Form.of(actionSpace);
    this.observationName = observationName;
    this.actionName = actionName;
    this.rewardName = rewardName;
  }

  /** Refuses observations, actions and rewards that are not of the shapes that steps want. */
  void checkShapes(int[] observations, int[] actions, int[] rewards, long rows, long steps)
      throws IOException {
    checkShape(observationName, observations, rows, observationForm.shape());
    checkShape(actionName, actions, steps, actionForm.shape());
    checkShape(rewardName, rewards, steps, new int[0]);
  }

  private static void checkShape(String name, int[] shape, long rows, int[] row)
      throws IOException {
    boolean fits = shape.length == row.length + 1 && shape[0] == rows;
    if (!fits || !Arrays.equals(Arrays.copyOfRange(shape, 1, shape.length), row)) {
      String expected =
          IntStream.of(row).mapToObj(n -> ", " + n).reduce("[" + rows, String::concat) + "]";
      throw new IOException(
          "\"%s\" has the shape %s, expected %s".formatted(name, Arrays.toString(shape), expected));
    }
  }

  /**
   * One episode of T steps.
   *
   * @param observations T + 1 of them
   * @param actions T of them
   * @param rewards T of them
   */
  Trajectory convert(
      NdArray observations, NdArray actions, NdArray rewards, boolean terminated, boolean truncated)
      throws IOException {
    int steps = rewards.size();
    checkShapes(observations.shape(), actions.shape(), rewards.shape(), steps + 1L, steps);
    NdArray seen = converted(observationName, observations, observationForm, observationSpace);
    NdArray done = converted(actionName, actions, actionForm, actionSpace);
    if (!unknown(rewards)) {
      checkFinite(rewardName, rewards);
    }
    if (actionSpace instanceof Box box) {
      NdArray within = box.clip(done);
      for (int row = 0; row < steps && !within.equals(done); row++) {
        clippedActions += within.row(row).equals(done.row(row)) ? 0 : 1;
      }
      done = within;
    }
    return new Trajectory(seen, done, rewards.toDoubles(), terminated, truncated);
  }

  /** Whether all are NaN: a recording of a policy that was not told its rewards. */
  private static boolean unknown(NdArray rewards) {
    for (int i = 0; i < rewards.size(); i++) {
      if (!Double.isNaN(rewards.getDouble(i))) {
        return false;
      }
    }
    return true;
  }

  /** What was changed so far, for people. */
  List<String> notes() {
    return clippedActions == 0
        ? List.of()
        : List.of(
            "%d actions lay outside the action space and were moved to its bounds"
                .formatted(clippedActions));
  }

  private static NdArray converted(String name, NdArray array, Form form, Space space)
      throws IOException {
    checkFinite(name, array);
    DType dtype = form.dtype();
    NdArray converted = array.cast(dtype);
    if (!dtype.isFloating() && array.dtype() != dtype) {
      if (array.dtype().isFloating()) {
        throw new IOException(
            "\"%s\" is %s, expected %s"
                .formatted(name, array.dtype().numpyName(), dtype.numpyName()));
      }
      for (int i = 0; i < array.size(); i++) {
        if (converted.getLong(i) != array.getLong(i)) {
          throw new IOException(
              "\"%s\" holds %d, which is no %s"
                  .formatted(name, array.getLong(i), dtype.numpyName()));
        }
      }
    }
    checkFinite(name, converted);
    for (int row = 0; row < converted.batchSize() && !(space instanceof Box); row++) {
      String mismatch = space.whyNot(converted.row(row));
      if (mismatch != null) {
        throw new IOException("\"%s\", row %d: %s".formatted(name, row, mismatch));
      }
    }
    return converted;
  }

  private static void checkFinite(String name, NdArray array) throws IOException {
    int wrong = array.firstNotFinite();
    if (wrong >= 0) {
      int width = array.size() / array.batchSize();
      throw new IOException(
          "\"%s\" holds %s in row %d".formatted(name, array.getDouble(wrong), wrong / width));
    }
  }
}
