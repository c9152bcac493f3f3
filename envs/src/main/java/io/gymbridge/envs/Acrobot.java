package io.gymbridge.envs;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.StepBuffers;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * Gymnasium's {@code Acrobot-v1}: two links hang from a pivot, with a motor (torque −1, 0 or 1 N m)
 * at the joint between them; every step costs 1 until the free end is a link's length above the
 * pivot.
 *
 * <p>Sutton (1996), "Generalization in Reinforcement Learning", with the equations of Sutton and
 * Barto's book. Links of 1 m and 1 kg with a moment of inertia of 1 kg m²; one Runge-Kutta step of
 * fourth order, 0.2 s. The state is the first angle (0 hangs down), the second relative to the
 * first, and their speeds, at most 4π and 9π rad/s; observed are the angles' cosines and sines, and
 * the speeds.
 *
 * <p>Reset options: {@code low} and {@code high}, bounds of the uniform first state, by default
 * −0.1 and 0.1.
 */
final class Acrobot extends LocalBatch {
  private static final double GRAVITY = 9.8;
  private static final double STEP_SECONDS = 0.2;
  private static final double MAX_SPEED_1 = 4 * Math.PI;
  private static final double MAX_SPEED_2 = 9 * Math.PI;

  private final double[][] states;

  Acrobot(Registration registration, Kwargs kwargs, int numEnvs) {
    super(registration.spec(observations(), new Discrete(3), 15, "rgb_array"), numEnvs);
    states = new double[numEnvs][4];
  }

  private static Box observations() {
    double[] high = {1, 1, 1, 1, MAX_SPEED_1, MAX_SPEED_2};
    double[] low = {-1, -1, -1, -1, -MAX_SPEED_1, -MAX_SPEED_2};
    return new Box(
        NdArray.ofDoubles(DType.FLOAT32, low, 6), NdArray.ofDoubles(DType.FLOAT32, high, 6));
  }

  @Override
  void begin(int lane, NumpyRandom random, Map<String, ?> options) {
    ResetBounds bounds = ResetBounds.of(options, -0.1, 0.1);
    for (int i = 0; i < 4; i++) {
      // Gymnasium rounds the first state, and only that.
      states[lane][i] = (float) bounds.draw(random);
    }
  }

  /** Puts a lane's links somewhere: two angles, two speeds. */
  void restore(int lane, double... newState) {
    states[lane] = newState.clone();
  }

  @Override
  protected void move(int first, int count, NdArray actions, StepBuffers into) {
    for (int i = 0; i < count; i++) {
      boolean terminated = turn(states[first + i], (double) (actions.getLong(i) - 1));
      into.put(i, terminated ? 0 : -1, terminated, false);
    }
  }

  /** Moves links; true where the free end is high enough. */
  private static boolean turn(double[] state, double torque) {
    double[] k1 = derivative(state, torque);
    double[] k2 = derivative(moved(state, STEP_SECONDS / 2, k1), torque);
    double[] k3 = derivative(moved(state, STEP_SECONDS / 2, k2), torque);
    double[] k4 = derivative(moved(state, STEP_SECONDS, k3), torque);
    double[] next = new double[4];
    for (int i = 0; i < 4; i++) {
      next[i] = state[i] + STEP_SECONDS / 6 * (k1[i] + 2 * k2[i] + 2 * k3[i] + k4[i]);
    }
    state[0] = wrapped(next[0]);
    state[1] = wrapped(next[1]);
    state[2] = Math.max(-MAX_SPEED_1, Math.min(MAX_SPEED_1, next[2]));
    state[3] = Math.max(-MAX_SPEED_2, Math.min(MAX_SPEED_2, next[3]));
    return -Math.cos(state[0]) - Math.cos(state[1] + state[0]) > 1;
  }

  private static double[] moved(double[] state, double seconds, double[] derivative) {
    double[] moved = new double[4];
    for (int i = 0; i < 4; i++) {
      moved[i] = state[i] + seconds * derivative[i];
    }
    return moved;
  }

  /** The book's equations, with all masses, lengths and moments 1 and centres of mass at 0.5. */
  private static double[] derivative(double[] s, double torque) {
    double cos2 = Math.cos(s[1]);
    double sin2 = Math.sin(s[1]);
    double d1 = 0.25 + (1.25 + cos2) + 2;
    double d2 = 0.25 + 0.5 * cos2 + 1;
    double phi2 = 0.5 * GRAVITY * Math.cos(s[0] + s[1] - Math.PI / 2);
    double phi1 =
        -0.5 * (s[3] * s[3]) * sin2
            - s[3] * s[2] * sin2
            + 1.5 * GRAVITY * Math.cos(s[0] - Math.PI / 2)
            + phi2;
    double acceleration2 =
        (torque + d2 / d1 * phi1 - 0.5 * (s[2] * s[2]) * sin2 - phi2) / (1.25 - d2 * d2 / d1);
    double acceleration1 = -(d2 * acceleration2 + phi1) / d1;
    return new double[] {s[2], s[3], acceleration1, acceleration2};
  }

  /** The same angle in [−π, π]. */
  private static double wrapped(double angle) {
    // Far beyond what a step can turn, only after extreme reset options: no endless loop.
    double wrapped = Math.abs(angle) > 1e6 ? Math.IEEEremainder(angle, 2 * Math.PI) : angle;
    while (wrapped > Math.PI) {
      wrapped -= 2 * Math.PI;
    }
    while (wrapped < -Math.PI) {
      wrapped += 2 * Math.PI;
    }
    return wrapped;
  }

  @Override
  protected void observe(int lane, ByteBuffer into, int at) {
    double[] state = states[lane];
    into.putFloat(at, (float) Math.cos(state[0]));
    into.putFloat(at + 4, (float) Math.sin(state[0]));
    into.putFloat(at + 8, (float) Math.cos(state[1]));
    into.putFloat(at + 12, (float) Math.sin(state[1]));
    into.putFloat(at + 16, (float) state[2]);
    into.putFloat(at + 20, (float) state[3]);
  }

  @Override
  protected NdArray render(int lane) {
    return AcrobotPicture.draw(states[lane][0], states[lane][1]);
  }

  @Override
  void exchange(int lane, EnvState fields) {
    for (int i = 0; i < 4; i++) {
      states[lane][i] = fields.real(states[lane][i]);
    }
  }
}
