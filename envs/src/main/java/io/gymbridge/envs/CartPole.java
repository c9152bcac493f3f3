package io.gymbridge.envs;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Gymnasium's {@code CartPole-v1}: a pole on a cart that is pushed left (0) or right (1); every
 * step is worth 1 until the pole leans more than 12° or the cart leaves the track.
 *
 * <p>Barto, Sutton and Anderson (1983), "Neuronlike adaptive elements that can solve difficult
 * learning control problems", with the frictionless equations of motion and Euler's method, 0.02 s
 * a step. The state (cart position in m, its velocity, pole angle in rad, its velocity) is kept in
 * {@code double}, observed in {@code float32}.
 *
 * <p>The terms are multiplied in Gymnasium's order: the system is unstable, so that a difference in
 * the last bit grows to one in the sixth decimal within an episode.
 *
 * <p>A seed begins an episode in the same state as in Gymnasium. {@link #render} always draws, 400
 * by 600 pixels.
 *
 * <p>Reset options: {@code low} and {@code high}, bounds of the uniform first state, by default
 * −0.05 and 0.05.
 */
public final class CartPole implements Env {
  private static final double GRAVITY = 9.8;
  private static final double CART_MASS = 1.0;
  private static final double POLE_MASS = 0.1;
  private static final double TOTAL_MASS = POLE_MASS + CART_MASS;
  private static final double HALF_LENGTH = 0.5;
  private static final double POLE_MOMENT = POLE_MASS * HALF_LENGTH;
  private static final double FORCE = 10.0;
  private static final double STEP_SECONDS = 0.02;
  private static final double MAX_ANGLE = 12 * 2 * Math.PI / 360;
  static final double MAX_POSITION = 2.4;

  private static final EnvSpec SPEC = spec(new Discrete(2));

  private NumpyRandom random = new NumpyRandom(System.nanoTime());
  private double position;
  private double velocity;
  private double angle;
  private double angularVelocity;

  private static EnvSpec spec(Discrete actions) {
    double[] high = {
      MAX_POSITION * 2, Double.POSITIVE_INFINITY, MAX_ANGLE * 2, Double.POSITIVE_INFINITY
    };
    double[] low = {-high[0], -high[1], -high[2], -high[3]};
    Box observations =
        new Box(
            NdArray.ofDoubles(DType.FLOAT32, low, 4), NdArray.ofDoubles(DType.FLOAT32, high, 4));
    return new EnvSpec(
        "CartPole-v1",
        observations,
        actions,
        500,
        OptionalDouble.of(475),
        Map.of("render_modes", List.of("rgb_array"), "render_fps", 50L));
  }

  @Override
  public EnvSpec spec() {
    return SPEC;
  }

  @Override
  public Reset reset(@Nullable Long seed, Map<String, ?> options) {
    if (seed != null) {
      random = new NumpyRandom(seed);
    }
    double low = bound(options, "low", -0.05);
    double high = bound(options, "high", 0.05);
    if (!(low <= high)) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "option low must not be above high, got %s and %s".formatted(low, high));
    }
    restore(
        random.uniform(low, high),
        random.uniform(low, high),
        random.uniform(low, high),
        random.uniform(low, high));
    return new Reset(observation(), Map.of());
  }

  private static double bound(Map<String, ?> options, String name, double otherwise) {
    Object given = options.get(name);
    if (given == null) {
      return otherwise;
    }
    if (given instanceof Number number && Double.isFinite(number.doubleValue())) {
      return number.doubleValue();
    }
    throw new GymException(
        Kind.INVALID_ARGUMENT, "option " + name + " must be a finite number, got " + given);
  }

  /** Puts the system into a state. */
  void restore(double newPosition, double newVelocity, double newAngle, double newAngularVelocity) {
    position = newPosition;
    velocity = newVelocity;
    angle = newAngle;
    angularVelocity = newAngularVelocity;
  }

  @Override
  public Step step(Value action) {
    double force = action.array().getLong(0) == 1 ? FORCE : -FORCE;
    double cos = Math.cos(angle);
    double sin = Math.sin(angle);
    double push = (force + POLE_MOMENT * (angularVelocity * angularVelocity) * sin) / TOTAL_MASS;
    double angularAcceleration =
        (GRAVITY * sin - cos * push)
            / (HALF_LENGTH * (4.0 / 3.0 - POLE_MASS * (cos * cos) / TOTAL_MASS));
    double acceleration = push - POLE_MOMENT * angularAcceleration * cos / TOTAL_MASS;
    restore(
        position + STEP_SECONDS * velocity,
        velocity + STEP_SECONDS * acceleration,
        angle + STEP_SECONDS * angularVelocity,
        angularVelocity + STEP_SECONDS * angularAcceleration);
    boolean terminated = Math.abs(position) > MAX_POSITION || Math.abs(angle) > MAX_ANGLE;
    return new Step(observation(), 1, terminated, false, Map.of());
  }

  private NdArray observation() {
    return NdArray.of(
        new float[] {(float) position, (float) velocity, (float) angle, (float) angularVelocity},
        4);
  }

  @Override
  public NdArray render() {
    return CartPolePicture.draw(position, angle, HALF_LENGTH);
  }

  @Override
  public void close() {}
}
