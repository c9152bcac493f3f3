package io.gymbridge.envs;

import io.gymbridge.core.Attributes;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
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
final class Pendulum extends LocalEnv {
  private static final double MAX_SPEED = 8;
  private static final double MAX_TORQUE = 2;
  private static final double STEP_SECONDS = 0.05;

  private double gravity;
  private double mass = 1;
  private double length = 1;
  private double angle;
  private double speed;
  private double lastTorque;

  Pendulum(Registration registration, Kwargs kwargs) {
    super(
        registration.spec(
            observations(), Box.of(DType.FLOAT32, -MAX_TORQUE, MAX_TORQUE, 1), 30, "rgb_array"));
    gravity = kwargs.real("g", 10);
  }

  private static Box observations() {
    return new Box(
        NdArray.of(new float[] {-1, -1, (float) -MAX_SPEED}, 3),
        NdArray.of(new float[] {1, 1, (float) MAX_SPEED}, 3));
  }

  @Override
  Reset begin(Map<String, ?> options) {
    double maxAngle = ResetBounds.number(options, "x_init", Math.PI);
    double maxSpeed = ResetBounds.number(options, "y_init", 1);
    restore(random.uniform(-maxAngle, maxAngle), random.uniform(-maxSpeed, maxSpeed));
    return new Reset(observation(), Map.of());
  }

  /** Puts the pendulum somewhere. */
  void restore(double newAngle, double newSpeed) {
    angle = newAngle;
    speed = newSpeed;
    lastTorque = 0;
  }

  @Override
  public Step step(Value action) {
    double clipped = Math.max(-MAX_TORQUE, Math.min(MAX_TORQUE, action.array().getDouble(0)));
    float torque = (float) clipped;
    double fromUpright = normalized(angle);
    double cost = fromUpright * fromUpright + 0.1 * (speed * speed) + 0.001f * (torque * torque);
    double acceleration =
        3 * gravity / (2 * length) * Math.sin(angle)
            + (float) (3 / (mass * (length * length))) * torque;
    speed = Math.max(-MAX_SPEED, Math.min(MAX_SPEED, speed + acceleration * STEP_SECONDS));
    angle += speed * STEP_SECONDS;
    lastTorque = torque;
    return new Step(observation(), -cost, false, false, Map.of());
  }

  /** The same angle in [−π, π). */
  private static double normalized(double angle) {
    double turned = (angle + Math.PI) % (2 * Math.PI);
    return (turned < 0 ? turned + 2 * Math.PI : turned) - Math.PI;
  }

  private NdArray observation() {
    return NdArray.of(
        new float[] {(float) Math.cos(angle), (float) Math.sin(angle), (float) speed}, 3);
  }

  @Override
  public NdArray render() {
    return PendulumPicture.draw(angle, lastTorque);
  }

  @Override
  public Attributes attributes() {
    return new Attributes()
        .real("g", () -> gravity, value -> gravity = value)
        .real("m", () -> mass, value -> mass = value)
        .real("l", () -> length, value -> length = value)
        .reals(
            "state",
            () -> new double[] {angle, speed},
            state -> {
              angle = state[0];
              speed = state[1];
            });
  }

  @Override
  void exchange(EnvState state) {
    gravity = state.real(gravity);
    mass = state.real(mass);
    length = state.real(length);
    angle = state.real(angle);
    speed = state.real(speed);
    lastTorque = state.real(lastTorque);
  }
}
