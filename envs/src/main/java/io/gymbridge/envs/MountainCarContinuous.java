package io.gymbridge.envs;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.StepBuffers;
import java.nio.ByteBuffer;
import java.util.Map;

/**
 * Gymnasium's {@code MountainCarContinuous-v0}: {@link MountainCar} with a force from −1 to 1; it
 * costs a tenth of its square a step, and the goal, at 0.45, is worth 100.
 *
 * <p>Gymnasium keeps the state of a reset in {@code float64}, and that of a step in {@code
 * float32}, in which it also adds up the push. Here it is the same.
 *
 * <p>Keyword argument: {@code goal_velocity}, the least velocity at the goal that ends an episode,
 * by default 0. Reset options: {@code low} and {@code high}, bounds of the uniform first position,
 * by default −0.6 and −0.4.
 */
final class MountainCarContinuous extends LocalBatch {
  private static final double GOAL = 0.45;
  private static final float POWER = 0.0015f;

  private final double goalVelocity;
  private final double[] position;
  private final double[] velocity;
  private final boolean[] inFloat32;

  MountainCarContinuous(Registration registration, Kwargs kwargs, int numEnvs) {
    super(
        registration.spec(
            MountainCar.observations(), Box.of(DType.FLOAT32, -1, 1, 1), 30, "rgb_array"),
        numEnvs);
    goalVelocity = kwargs.real("goal_velocity", 0);
    position = new double[numEnvs];
    velocity = new double[numEnvs];
    inFloat32 = new boolean[numEnvs];
  }

  @Override
  void begin(int lane, NumpyRandom random, Map<String, ?> options) {
    restore(lane, ResetBounds.of(options, -0.6, -0.4).draw(random), 0);
    inFloat32[lane] = false;
  }

  /** Puts a lane's car somewhere, as if by a step. */
  void restore(int lane, double newPosition, double newVelocity) {
    position[lane] = newPosition;
    velocity[lane] = newVelocity;
    inFloat32[lane] = true;
  }

  private double rounded(int lane, double number) {
    return inFloat32[lane] ? (float) number : number;
  }

  @Override
  protected void move(int first, int count, NdArray actions, StepBuffers into) {
    for (int i = 0; i < count; i++) {
      float force = (float) actions.getDouble(i);
      boolean terminated = push(first + i, force);
      double reward = (terminated ? 100 : 0) - (double) force * force * 0.1;
      into.put(i, reward, terminated, false);
    }
  }

  /** Moves a lane's car; true where it has reached the goal. */
  private boolean push(int lane, float force) {
    float push = force * POWER - (float) (0.0025 * Math.cos(rounded(lane, 3 * position[lane])));
    double maxSpeed = rounded(lane, MountainCar.MAX_SPEED);
    double minPosition = rounded(lane, MountainCar.MIN_POSITION);
    double newVelocity =
        Math.max(-maxSpeed, Math.min(maxSpeed, rounded(lane, velocity[lane] + push)));
    double newPosition =
        Math.max(
            minPosition,
            Math.min(
                rounded(lane, MountainCar.MAX_POSITION),
                rounded(lane, position[lane] + newVelocity)));
    if (newPosition == minPosition && newVelocity < 0) {
      newVelocity = 0;
    }
    boolean terminated =
        newPosition >= rounded(lane, GOAL) && newVelocity >= rounded(lane, goalVelocity);
    restore(lane, (float) newPosition, (float) newVelocity);
    return terminated;
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
    inFloat32[lane] = state.flag(inFloat32[lane]);
  }
}
