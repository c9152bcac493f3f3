package io.gymbridge.envs;

import io.gymbridge.core.Attributes;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.StepBuffers;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * Gymnasium's {@code Pendulum-v1}: a pendulum to be swung up and held, by a torque of at most 2 N
 * m; a step costs the squares of its angle from upright, of its speed (a tenth) and of the torque
 * (a thousandth).
 *
 * <p>A rod of 1 kg and 1 m, semi-implicit Euler steps of 0.05 s, speed at most 8 rad/s. Observed
 * are the cosine and sine of the angle, and the speed.
 *
 * <p>Keyword argument: {@code g}, gravity, by default 10 m/s². Reset options: {@code x_init} and
 * {@code y_init}, the first angle's and speed's greatest magnitude, by default π and 1. Attributes:
 * {@code g}, {@code m}, {@code l} and {@code state} (angle and speed).
 */
final class Pendulum extends LocalBatch {
  private static final double MAX_SPEED = 8;
  private static final double MAX_TORQUE = 2;
  private static final double STEP_SECONDS = 0.05;

  private final double[] gravity;
  private final double[] mass;
  private final double[] length;
  private final double[] angle;
  private final double[] speed;
  private final double[] lastTorque;

  Pendulum(Registration registration, Kwargs kwargs, int numEnvs) {
    super(
        registration.spec(
            observations(), Box.of(DType.FLOAT32, -MAX_TORQUE, MAX_TORQUE, 1), 30, "rgb_array"),
        numEnvs);
    gravity = each(kwargs.real("g", 10), numEnvs);
    mass = each(1, numEnvs);
    length = each(1, numEnvs);
    angle = new double[numEnvs];
    speed = new double[numEnvs];
    lastTorque = new double[numEnvs];
  }

  private static Box observations() {
    return new Box(
        NdArray.of(new float[] {-1, -1, (float) -MAX_SPEED}, 3),
        NdArray.of(new float[] {1, 1, (float) MAX_SPEED}, 3));
  }

  @Override
  void begin(int lane, NumpyRandom random, Map<String, ?> options) {
    double maxAngle = ResetBounds.number(options, "x_init", Math.PI);
    double maxSpeed = ResetBounds.number(options, "y_init", 1);
    restore(lane, random.uniform(-maxAngle, maxAngle), random.uniform(-maxSpeed, maxSpeed));
  }

  /** Puts a lane's pendulum somewhere. */
  void restore(int lane, double newAngle, double newSpeed) {
    angle[lane] = newAngle;
    speed[lane] = newSpeed;
    lastTorque[lane] = 0;
  }

  @Override
  protected void move(int first, int count, NdArray actions, StepBuffers into) {
    for (int i = 0; i < count; i++) {
      int lane = first + i;
      float torque = (float) Math.max(-MAX_TORQUE, Math.min(MAX_TORQUE, actions.getDouble(i)));
      double fromUpright = normalized(angle[lane]);
      double cost =
          fromUpright * fromUpright
              + 0.1 * (speed[lane] * speed[lane])
              + 0.001f * (torque * torque);
      double inertia = mass[lane] * (length[lane] * length[lane]);
      double acceleration =
          3 * gravity[lane] / (2 * length[lane]) * Math.sin(angle[lane])
              + (float) (3 / inertia) * torque;
      speed[lane] =
          Math.max(-MAX_SPEED, Math.min(MAX_SPEED, speed[lane] + acceleration * STEP_SECONDS));
      angle[lane] += speed[lane] * STEP_SECONDS;
      lastTorque[lane] = torque;
      into.put(i, -cost, false, false);
    }
  }

  /** The same angle in [−π, π). */
  private static double normalized(double angle) {
    double turned = (angle + Math.PI) % (2 * Math.PI);
    return (turned < 0 ? turned + 2 * Math.PI : turned) - Math.PI;
  }

  @Override
  protected void observe(int lane, ByteBuffer into, int at) {
    into.putFloat(at, (float) Math.cos(angle[lane]));
    into.putFloat(at + 4, (float) Math.sin(angle[lane]));
    into.putFloat(at + 8, (float) speed[lane]);
  }

  @Override
  protected NdArray render(int lane) {
    return PendulumPicture.draw(angle[lane], lastTorque[lane]);
  }

  @Override
  protected Attributes attributes(int lane) {
    return new Attributes()
        .real("g", () -> gravity[lane], value -> gravity[lane] = value)
        .real("m", () -> mass[lane], value -> mass[lane] = value)
        .real("l", () -> length[lane], value -> length[lane] = value)
        .reals(
            "state",
            () -> new double[] {angle[lane], speed[lane]},
            state -> {
              angle[lane] = state[0];
              speed[lane] = state[1];
            });
  }

  @Override
  void exchange(int lane, EnvState state) {
    gravity[lane] = state.real(gravity[lane]);
    mass[lane] = state.real(mass[lane]);
    length[lane] = state.real(length[lane]);
    angle[lane] = state.real(angle[lane]);
    speed[lane] = state.real(speed[lane]);
    lastTorque[lane] = state.real(lastTorque[lane]);
  }
}
