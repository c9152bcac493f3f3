package io.gymbridge.envs;

import io.gymbridge.core.Attributes;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import java.util.Map;

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
 * <p>Keyword argument: {@code sutton_barto_reward}, 0 a step and −1 at the fall, by default false.
 * Reset options: {@code low} and {@code high}, bounds of the uniform first state, by default −0.05
 * and 0.05. Attributes: Gymnasium's, see {@link #attributes}.
 */
final class CartPole extends LocalEnv {
  private static final double CART_MASS = 1.0;
  private static final double MAX_ANGLE = 12 * 2 * Math.PI / 360;
  static final double MAX_POSITION = 2.4;

  // As in Gymnasium, each is an attribute of its own, and setting one changes no other.
  private double gravity = 9.8;
  private double poleMass = 0.1;
  private double totalMass = poleMass + CART_MASS;
  private double halfLength = 0.5;
  private double poleMoment = poleMass * halfLength;
  private double force = 10.0;
  private double stepSeconds = 0.02;
  private double maxAngle = MAX_ANGLE;
  private double maxPosition = MAX_POSITION;

  private final boolean suttonBartoReward;
  private double position;
  private double velocity;
  private double angle;
  private double angularVelocity;

  CartPole(Registration registration, Kwargs kwargs) {
    super(registration.spec(observations(), new Discrete(2), 50, "rgb_array"));
    suttonBartoReward = kwargs.flag("sutton_barto_reward", false);
  }

  private static Box observations() {
    double[] high = {
      MAX_POSITION * 2, Double.POSITIVE_INFINITY, MAX_ANGLE * 2, Double.POSITIVE_INFINITY
    };
    double[] low = {-high[0], -high[1], -high[2], -high[3]};
    return new Box(
        NdArray.ofDoubles(DType.FLOAT32, low, 4), NdArray.ofDoubles(DType.FLOAT32, high, 4));
  }

  @Override
  Reset begin(Map<String, ?> options) {
    ResetBounds bounds = ResetBounds.of(options, -0.05, 0.05);
    restore(bounds.draw(random), bounds.draw(random), bounds.draw(random), bounds.draw(random));
    return new Reset(observation(), Map.of());
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
    double applied = action.array().getLong(0) == 1 ? force : -force;
    double cos = Math.cos(angle);
    double sin = Math.sin(angle);
    double push = (applied + poleMoment * (angularVelocity * angularVelocity) * sin) / totalMass;
    double angularAcceleration =
        (gravity * sin - cos * push)
            / (halfLength * (4.0 / 3.0 - poleMass * (cos * cos) / totalMass));
    double acceleration = push - poleMoment * angularAcceleration * cos / totalMass;
    restore(
        position + stepSeconds * velocity,
        velocity + stepSeconds * acceleration,
        angle + stepSeconds * angularVelocity,
        angularVelocity + stepSeconds * angularAcceleration);
    boolean terminated = Math.abs(position) > maxPosition || Math.abs(angle) > maxAngle;
    double reward = suttonBartoReward ? (terminated ? -1 : 0) : 1;
    return new Step(observation(), reward, terminated, false, Map.of());
  }

  private NdArray observation() {
    return NdArray.of(
        new float[] {(float) position, (float) velocity, (float) angle, (float) angularVelocity},
        4);
  }

  @Override
  public NdArray render() {
    return CartPolePicture.draw(position, angle, halfLength);
  }

  @Override
  public Attributes attributes() {
    return new Attributes()
        .real("gravity", () -> gravity, value -> gravity = value)
        .readOnly("masscart", () -> CART_MASS)
        .real("masspole", () -> poleMass, value -> poleMass = value)
        .real("total_mass", () -> totalMass, value -> totalMass = value)
        .real("length", () -> halfLength, value -> halfLength = value)
        .real("polemass_length", () -> poleMoment, value -> poleMoment = value)
        .real("force_mag", () -> force, value -> force = value)
        .real("tau", () -> stepSeconds, value -> stepSeconds = value)
        .real("theta_threshold_radians", () -> maxAngle, value -> maxAngle = value)
        .real("x_threshold", () -> maxPosition, value -> maxPosition = value)
        .reals(
            "state",
            () -> new double[] {position, velocity, angle, angularVelocity},
            state -> restore(state[0], state[1], state[2], state[3]));
  }

  @Override
  void exchange(EnvState state) {
    gravity = state.real(gravity);
    poleMass = state.real(poleMass);
    totalMass = state.real(totalMass);
    halfLength = state.real(halfLength);
    poleMoment = state.real(poleMoment);
    force = state.real(force);
    stepSeconds = state.real(stepSeconds);
    maxAngle = state.real(maxAngle);
    maxPosition = state.real(maxPosition);
    position = state.real(position);
    velocity = state.real(velocity);
    angle = state.real(angle);
    angularVelocity = state.real(angularVelocity);
  }
}
