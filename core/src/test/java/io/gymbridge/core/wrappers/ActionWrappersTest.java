package io.gymbridge.core.wrappers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Env;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.core.testing.CountingEnv;
import io.gymbridge.core.wrappers.Recording.Line;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@link ClipAction} and {@link RescaleAction}, alone and for batches. */
class ActionWrappersTest {
  private static final float INF = Float.POSITIVE_INFINITY;
  private static final Box BOUNDS =
      new Box(
          NdArray.of(new float[] {-2, -0.1f, 0, -INF}, 4),
          NdArray.of(new float[] {2, 0.7f, INF, INF}, 4));
  private static final NdArray LEAST = NdArray.of(new float[] {-1, -3, 5, -INF}, 4);
  private static final NdArray MOST = NdArray.of(new float[] {1, 0.3f, INF, INF}, 4);
  private static final Box TORQUE = Box.of(DType.FLOAT32, -2, 2, 1);

  private static VectorEnv batch(Box actions, int lanes, AutoresetMode mode) {
    return new SyncVectorEnv(() -> ReceivingEnv.of(actions), lanes, mode);
  }

  private static NdArray floats(float... values) {
    return NdArray.of(values, values.length);
  }

  @Test
  void clipped_actions_are_gymnasiums() {
    Env env = new ClipAction(ReceivingEnv.of(BOUNDS));
    assertReceived(
        "ClipAction", env, new VectorClipAction(batch(BOUNDS, 12, AutoresetMode.DISABLED)));
  }

  @Test
  void rescaled_actions_are_gymnasiums() {
    Env env = new RescaleAction(ReceivingEnv.of(BOUNDS), LEAST, MOST);
    assertEquals(new Box(LEAST, MOST), env.spec().actionSpace());
    assertReceived(
        "RescaleAction",
        env,
        new VectorRescaleAction(batch(BOUNDS, 12, AutoresetMode.DISABLED), LEAST, MOST));
  }

  private static void assertReceived(String name, Env env, VectorEnv batch) {
    List<Line> lines = Recording.read(name);
    List<NdArray> given = numbers(lines, "given");
    List<NdArray> received = numbers(lines, "received");
    for (int i = 0; i < given.size(); i++) {
      env.reset(1);
      NdArray got = env.step(given.get(i)).observation().array();
      Recording.assertClose(received.get(i).toDoubles(), got.toDoubles(), name + " " + i);
    }
    batch.reset(1);
    NdArray got = batch.step(Value.stack(given)).observations().array();
    Recording.assertClose(Value.stack(received).array().toDoubles(), got.toDoubles(), name);
  }

  private static List<NdArray> numbers(List<Line> lines, String tag) {
    return lines.stream()
        .filter(line -> line.tag().equals(tag))
        .map(line -> NdArray.ofDoubles(DType.FLOAT32, line.values(), line.values().length))
        .toList();
  }

  @Test
  void clipping_takes_any_number_but_nan() {
    Env env = new ClipAction(ReceivingEnv.of(TORQUE));
    env.reset(1);
    assertNull(env.spec().actionSpace().whyNot(floats(1e9f)));
    assertEquals(floats(2), env.step(floats(INF)).observation());
    assertInvalid(() -> env.step(floats(Float.NaN)));
    assertInvalid(() -> env.step(NdArray.of(new double[1], 1)));
    assertEquals(floats(-2), env.step(floats(-3)).observation());
  }

  @Test
  void clipping_takes_the_whole_range_of_an_integer_type() {
    for (DType dtype : List.of(DType.INT8, DType.INT32, DType.UINT8, DType.UINT32)) {
      Env env = new ClipAction(ReceivingEnv.of(Box.of(dtype, 1, 3, 1)));
      Box space = (Box) env.spec().actionSpace();
      int bits = 8 * dtype.bytes() - (dtype.numpyName().startsWith("u") ? 0 : 1);
      assertEquals(Math.scalb(1.0, bits) - 1, space.high().getDouble(0), dtype.numpyName());
      env.reset(1);
      assertEquals(3, env.step(space.high()).observation().array().getLong(0));
      assertEquals(1, env.step(space.low()).observation().array().getLong(0));
    }
  }

  @Test
  void rescaling_refuses_what_lies_outside_the_chosen_bounds() {
    Env env = new RescaleAction(ReceivingEnv.of(TORQUE), -1, 1);
    env.reset(1);
    assertInvalid(() -> env.step(floats(1.01f)));
    assertInvalid(() -> env.step(floats(Float.NaN)));
    assertEquals(floats(2), env.step(floats(1)).observation());
    VectorEnv batch = new VectorRescaleAction(batch(TORQUE, 2, AutoresetMode.NEXT_STEP), -1, 1);
    batch.reset(1);
    assertInvalid(() -> batch.step(NdArray.of(new float[] {0, 1.01f}, 2, 1)));
    batch.step(NdArray.of(new float[] {0, 1}, 2, 1));
  }

  @Test
  void rounding_does_not_carry_an_action_out_of_its_space() {
    Box bounds = Box.of(DType.FLOAT32, -0.1, 0.7, 1);
    for (float max = 0.01f; max < 3; max += 0.01f) {
      Env env = new RescaleAction(ReceivingEnv.of(bounds), -0.3, max);
      env.reset(1);
      env.step(floats(max));
      env.step(floats(-0.3f));
    }
  }

  @Test
  void actions_of_lanes_about_to_reset_are_ignored() {
    for (VectorEnv env :
        List.of(
            new VectorClipAction(batch(TORQUE, 2, AutoresetMode.NEXT_STEP)),
            new VectorRescaleAction(batch(TORQUE, 2, AutoresetMode.NEXT_STEP), -1, 1))) {
      env.reset(1);
      env.step(NdArray.of(new float[2], 2, 1));
      env.step(NdArray.of(new float[2], 2, 1));
      VectorEnv.Step dummy = env.step(NdArray.of(new float[] {Float.NaN, 7}, 2, 1));
      assertEquals(NdArray.of(new float[] {-2, -2}, 2, 1), dummy.observations());
    }
  }

  @Test
  void batches_of_another_size_or_type_are_refused() {
    VectorEnv clip = new VectorClipAction(batch(TORQUE, 2, AutoresetMode.NEXT_STEP));
    VectorEnv rescale = new VectorRescaleAction(batch(TORQUE, 2, AutoresetMode.NEXT_STEP), -1, 1);
    for (VectorEnv env : List.of(clip, rescale)) {
      env.reset(1);
      assertInvalid(() -> env.step(NdArray.of(new float[3], 3, 1)));
      assertInvalid(() -> env.step(NdArray.of(new double[2], 2, 1)));
      assertInvalid(() -> env.step(NdArray.of(new float[4], 2, 2)));
    }
  }

  @Test
  void impossible_bounds_are_refused() {
    Env env = ReceivingEnv.of(BOUNDS);
    assertRefused(() -> new RescaleAction(env, -1, 1));
    assertRefused(() -> new RescaleAction(env, LEAST, LEAST));
    assertRefused(() -> new RescaleAction(env, MOST, LEAST));
    Env torque = ReceivingEnv.of(TORQUE);
    assertRefused(() -> new RescaleAction(torque, 1, 1));
    assertRefused(() -> new RescaleAction(torque, Double.NEGATIVE_INFINITY, 1));
    assertRefused(() -> new RescaleAction(torque, Double.NaN, 1));
    assertRefused(() -> new RescaleAction(torque, LEAST, MOST));
    assertRefused(() -> new RescaleAction(ReceivingEnv.of(Box.of(DType.INT32, 0, 9, 1)), 0, 1));
    assertRefused(() -> new RescaleAction(CountingEnv.terminating(), 0, 1));
    assertRefused(() -> new ClipAction(CountingEnv.terminating()));
  }

  @Test
  void same_bounds_hold_for_all_components() {
    Env env = new RescaleAction(ReceivingEnv.of(Box.of(DType.FLOAT64, 0, 10, 2)), -1, 1);
    env.reset(1);
    double[] middle = new double[2];
    assertEquals(NdArray.of(new double[] {5, 5}, 2), env.step(NdArray.of(middle, 2)).observation());
  }

  private static void assertInvalid(Runnable call) {
    assertEquals(Kind.INVALID_ARGUMENT, assertThrows(GymException.class, call::run).kind());
  }

  private static void assertRefused(Runnable call) {
    assertThrows(IllegalArgumentException.class, call::run);
  }
}
