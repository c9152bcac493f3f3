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
final class MountainCar extends LocalBatch {
  static final double MIN_POSITION = -1.2;
  static final double MAX_POSITION = 0.6;
  static final double MAX_SPEED = 0.07;
  private static final double GOAL = 0.5;
  private static final double FORCE = 0.001;
  private static final double GRAVITY = 0.0025;

  private final double goalVelocity;
  private final double[] position;
  private final double[] velocity;

  MountainCar(Registration registration, Kwargs kwargs, int numEnvs) {
    super(registration.spec(observations(), new Discrete(3), 30, "rgb_array"), numEnvs);
    goalVelocity = kwargs.real("goal_velocity", 0);
    position = new double[numEnvs];
    velocity = new double[numEnvs];
  }

  /** Position and velocity. */
  static Box observations() {
    double[] low = {MIN_POSITION, -MAX_SPEED};
    double[] high = {MAX_POSITION, MAX_SPEED};
    return new Box(
        NdArray.ofDoubles(DType.FLOAT32, low, 2), NdArray.ofDoubles(DType.FLOAT32, high, 2));
  }

  @Override
  void begin(int lane, NumpyRandom random, Map<String, ?> options) {
    restore(lane, ResetBounds.of(options, -0.6, -0.4).draw(random), 0);
  }

  /** Puts a lane's car somewhere. */
  void restore(int lane, double newPosition, double newVelocity) {
    position[lane] = newPosition;
    velocity[lane] = newVelocity;
  }

  @Override
  protected void move(int first, int count, NdArray actions, StepBuffers into) {
    for (int i = 0; i < count; i++) {
      int lane = first + i;
      long push = actions.getLong(i) - 1;
      double speed = velocity[lane] + (push * FORCE + Math.cos(3 * position[lane]) * -GRAVITY);
      speed = Math.max(-MAX_SPEED, Math.min(MAX_SPEED, speed));
      double place = Math.max(MIN_POSITION, Math.min(MAX_POSITION, position[lane] + speed));
      if (place == MIN_POSITION && speed < 0) {
        speed = 0;
      }
      restore(lane, place, speed);
      into.put(i, -1, place >= GOAL && speed >= goalVelocity, false);
    }
  }

  @Override
  protected void observe(int lane, ByteBuffer into, int at) {
    into.putFloat(at, (float) position[lane]);
    into.putFloat(at + 4, (float) velocity[lane]);
  }

  @Override
  protected NdArray render(int lane) {
    return MountainCarPicture.draw(position[lane], GOAL);
  }

  @Override
  void exchange(int lane, EnvState state) {
    position[lane] = state.real(position[lane]);
    velocity[lane] = state.real(velocity[lane]);
  }
}
