package io.gymbridge.envs;

import io.gymbridge.core.Attributes;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.StepBuffers;
import java.nio.ByteBuffer;
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
 * the last bit grows to one in the sixth decimal within an episode. Sine and cosine are {@link
 * SmallAngle}'s where the pole leans by less than {@link SmallAngle#MAX}.
 *
 * <p>Keyword argument: {@code sutton_barto_reward}, 0 a step and −1 at the fall, by default false.
 * Reset options: {@code low} and {@code high}, bounds of the uniform first state, by default −0.05
 * and 0.05. Attributes: Gymnasium's, see {@link #attributes}.
 */
final class CartPole extends LocalBatch {
  private static final double CART_MASS = 1.0;
  private static final double MAX_ANGLE = 12 * 2 * Math.PI / 360;
  static final double MAX_POSITION = 2.4;

  // As in Gymnasium, each is an attribute of its own, and setting one changes no other.
  private final double[] gravity;
  private final double[] poleMass;
  private final double[] totalMass;
  private final double[] halfLength;
  private final double[] poleMoment;
  private final double[] force;
  private final double[] stepSeconds;
  private final double[] maxAngle;
  private final double[] maxPosition;

  private final boolean suttonBartoReward;
  private final double[] position;
  private final double[] velocity;
  private final double[] angle;
  private final double[] angularVelocity;
  // Of the step under way.
  private final double[] applied;
  private final double[] sin;
  private final double[] cos;
  private final double[] acceleration;
  private final double[] angularAcceleration;

  CartPole(Registration registration, Kwargs kwargs, int numEnvs) {
    super(registration.spec(observations(), new Discrete(2), 50, "rgb_array"), numEnvs);
    suttonBartoReward = kwargs.flag("sutton_barto_reward", false);
    gravity = each(9.8, numEnvs);
    poleMass = each(0.1, numEnvs);
    totalMass = each(0.1 + CART_MASS, numEnvs);
    halfLength = each(0.5, numEnvs);
    poleMoment = each(0.1 * 0.5, numEnvs);
    force = each(10, numEnvs);
    stepSeconds = each(0.02, numEnvs);
    maxAngle = each(MAX_ANGLE, numEnvs);
    maxPosition = each(MAX_POSITION, numEnvs);
    position = new double[numEnvs];
    velocity = new double[numEnvs];
    angle = new double[numEnvs];
    angularVelocity = new double[numEnvs];
    applied = new double[numEnvs];
    sin = new double[numEnvs];
    cos = new double[numEnvs];
    acceleration = new double[numEnvs];
    angularAcceleration = new double[numEnvs];
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
  void begin(int lane, NumpyRandom random, Map<String, ?> options) {
    ResetBounds bounds = ResetBounds.of(options, -0.05, 0.05);
    restore(
        lane, bounds.draw(random), bounds.draw(random), bounds.draw(random), bounds.draw(random));
  }

  /** Puts a lane into a state. */
  void restore(
      int lane,
      double newPosition,
      double newVelocity,
      double newAngle,
      double newAngularVelocity) {
    position[lane] = newPosition;
    velocity[lane] = newVelocity;
    angle[lane] = newAngle;
    angularVelocity[lane] = newAngularVelocity;
  }

  @Override
  protected void move(int first, int count, NdArray actions, StepBuffers into) {
    int end = first + count;
    for (int lane = first; lane < end; lane++) {
      // Without a branch, which random actions would have mispredicted.
      applied[lane] = force[lane] * (2 * actions.getLong(lane - first) - 1);
    }
    turn(first, end);
    accelerate(first, end);
    integrate(first, end);
    for (int lane = first; lane < end; lane++) {
      boolean terminated =
          Math.abs(position[lane]) > maxPosition[lane] || Math.abs(angle[lane]) > maxAngle[lane];
      double reward = suttonBartoReward ? (terminated ? -1 : 0) : 1;
      into.put(lane - first, reward, terminated, false);
    }
  }

  /** Episodes end long before the pole leans too much for the series, but may begin there. */
  private void turn(int first, int end) {
    for (int lane = first; lane < end; lane++) {
      sin[lane] = SmallAngle.sin(angle[lane]);
    }
    for (int lane = first; lane < end; lane++) {
      cos[lane] = SmallAngle.cos(angle[lane]);
    }
    for (int lane = first; lane < end; lane++) {
      if (Math.abs(angle[lane]) > SmallAngle.MAX) {
        sin[lane] = Math.sin(angle[lane]);
        cos[lane] = Math.cos(angle[lane]);
      }
    }
  }

  private void accelerate(int first, int end) {
    for (int lane = first; lane < end; lane++) {
      double push =
          (applied[lane]
                  + poleMoment[lane] * (angularVelocity[lane] * angularVelocity[lane]) * sin[lane])
              / totalMass[lane];
      double turn =
          (gravity[lane] * sin[lane] - cos[lane] * push)
              / (halfLength[lane]
                  * (4.0 / 3.0 - poleMass[lane] * (cos[lane] * cos[lane]) / totalMass[lane]));
      angularAcceleration[lane] = turn;
      acceleration[lane] = push - poleMoment[lane] * turn * cos[lane] / totalMass[lane];
    }
  }

  /** Euler's method; in short loops, which are faster. */
  private void integrate(int first, int end) {
    for (int lane = first; lane < end; lane++) {
      position[lane] += stepSeconds[lane] * velocity[lane];
      velocity[lane] += stepSeconds[lane] * acceleration[lane];
    }
    for (int lane = first; lane < end; lane++) {
      angle[lane] += stepSeconds[lane] * angularVelocity[lane];
      angularVelocity[lane] += stepSeconds[lane] * angularAcceleration[lane];
    }
  }

  @Override
  protected void observe(int lane, ByteBuffer into, int at) {
    into.putFloat(at, (float) position[lane]);
    into.putFloat(at + 4, (float) velocity[lane]);
    into.putFloat(at + 8, (float) angle[lane]);
    into.putFloat(at + 12, (float) angularVelocity[lane]);
  }

  @Override
  protected NdArray render(int lane) {
    return CartPolePicture.draw(position[lane], angle[lane], halfLength[lane]);
  }

  private double[][] constants() {
    return new double[][] {
      gravity,
      poleMass,
      totalMass,
      halfLength,
      poleMoment,
      force,
      stepSeconds,
      maxAngle,
      maxPosition
    };
  }

  @Override
  protected Attributes attributes(int lane) {
    return new Attributes()
        .real("gravity", () -> gravity[lane], value -> gravity[lane] = value)
        .readOnly("masscart", () -> CART_MASS)
        .real("masspole", () -> poleMass[lane], value -> poleMass[lane] = value)
        .real("total_mass", () -> totalMass[lane], value -> totalMass[lane] = value)
        .real("length", () -> halfLength[lane], value -> halfLength[lane] = value)
        .real("polemass_length", () -> poleMoment[lane], value -> poleMoment[lane] = value)
        .real("force_mag", () -> force[lane], value -> force[lane] = value)
        .real("tau", () -> stepSeconds[lane], value -> stepSeconds[lane] = value)
        .real("theta_threshold_radians", () -> maxAngle[lane], value -> maxAngle[lane] = value)
        .real("x_threshold", () -> maxPosition[lane], value -> maxPosition[lane] = value)
        .reals(
            "state",
            () -> new double[] {position[lane], velocity[lane], angle[lane], angularVelocity[lane]},
            state -> restore(lane, state[0], state[1], state[2], state[3]));
  }

  @Override
  void exchange(int lane, EnvState state) {
    for (double[] constant : constants()) {
      constant[lane] = state.real(constant[lane]);
    }
    position[lane] = state.real(position[lane]);
    velocity[lane] = state.real(velocity[lane]);
    angle[lane] = state.real(angle[lane]);
    angularVelocity[lane] = state.real(angularVelocity[lane]);
  }
}
