package io.gymbridge.envs;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import java.util.Map;

/**
 * Gymnasium's {@code MountainCar-v0}: a car too weak for the hill before it must first swing up the
 * one behind; it is pushed left (0), not at all (1) or right (2), and every step costs 1.
 *
 * <p>Moore (1990), "Efficient Memory-based Learning for Robot Control". The state is the position,
 * in [−1.2, 0.6], and the velocity, in ±0.07 a step; an episode begins at rest, and ends at 0.5.
 *
 * <p>Keyword argument: {@code goal_velocity}, the least velocity at the goal that ends an episode,
 * by default 0. Reset options: {@code low} and {@code high}, bounds of the uniform first position,
 * by default −0.6 and −0.4.
 */
final class MountainCar extends LocalEnv {
  static final double MIN_POSITION = -1.2;
  static final double MAX_POSITION = 0.6;
  static final double MAX_SPEED = 0.07;
  private static final double GOAL = 0.5;
  private static final double FORCE = 0.001;
  private static final double GRAVITY = 0.0025;

  private final double goalVelocity;
  private double position;
  private double velocity;

  MountainCar(Registration registration, Kwargs kwargs) {
    super(registration.spec(observations(), new Discrete(3), 30, "rgb_array"));
    goalVelocity = kwargs.real("goal_velocity", 0);
  }

  /** Position and velocity. */
  static Box observations() {
    double[] low = {MIN_POSITION, -MAX_SPEED};
    double[] high = {MAX_POSITION, MAX_SPEED};
    return new Box(
        NdArray.ofDoubles(DType.FLOAT32, low, 2), NdArray.ofDoubles(DType.FLOAT32, high, 2));
  }

  @Override
  Reset begin(Map<String, ?> options) {
    restore(ResetBounds.of(options, -0.6, -0.4).draw(random), 0);
    return new Reset(observation(), Map.of());
  }

  /** Puts the car somewhere. */
  void restore(double newPosition, double newVelocity) {
    position = newPosition;
    velocity = newVelocity;
  }

  @Override
  public Step step(Value action) {
    long push = action.array().getLong(0) - 1;
    velocity += push * FORCE + Math.cos(3 * position) * -GRAVITY;
    velocity = Math.max(-MAX_SPEED, Math.min(MAX_SPEED, velocity));
    position = Math.max(MIN_POSITION, Math.min(MAX_POSITION, position + velocity));
    if (position == MIN_POSITION && velocity < 0) {
      velocity = 0;
    }
    boolean terminated = position >= GOAL && velocity >= goalVelocity;
    return new Step(observation(), -1, terminated, false, Map.of());
  }

  private NdArray observation() {
    return NdArray.of(new float[] {(float) position, (float) velocity}, 2);
  }

  @Override
  public NdArray render() {
    return MountainCarPicture.draw(position, GOAL);
  }

  @Override
  void exchange(EnvState state) {
    position = state.real(position);
    velocity = state.real(velocity);
  }
}
