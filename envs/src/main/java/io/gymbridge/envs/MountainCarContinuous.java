package io.gymbridge.envs;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
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
final class MountainCarContinuous extends LocalEnv {
  private static final double GOAL = 0.45;
  private static final float POWER = 0.0015f;

  private final double goalVelocity;
  private double position;
  private double velocity;
  private boolean inFloat32;

  MountainCarContinuous(Registration registration, Kwargs kwargs) {
    super(
        registration.spec(
            MountainCar.observations(), Box.of(DType.FLOAT32, -1, 1, 1), 30, "rgb_array"));
    goalVelocity = kwargs.real("goal_velocity", 0);
  }

  @Override
  Reset begin(Map<String, ?> options) {
    restore(ResetBounds.of(options, -0.6, -0.4).draw(random), 0);
    inFloat32 = false;
    return new Reset(observation(), Map.of());
  }

  /** Puts the car somewhere, as if by a step. */
  void restore(double newPosition, double newVelocity) {
    position = newPosition;
    velocity = newVelocity;
    inFloat32 = true;
  }

  private double rounded(double number) {
    return inFloat32 ? (float) number : number;
  }

  @Override
  public Step step(Value action) {
    float force = (float) action.array().getDouble(0);
    float push = force * POWER - (float) (0.0025 * Math.cos(rounded(3 * position)));
    double maxSpeed = rounded(MountainCar.MAX_SPEED);
    double minPosition = rounded(MountainCar.MIN_POSITION);
    double newVelocity = Math.max(-maxSpeed, Math.min(maxSpeed, rounded(velocity + push)));
    double newPosition =
        Math.max(
            minPosition,
            Math.min(rounded(MountainCar.MAX_POSITION), rounded(position + newVelocity)));
    if (newPosition == minPosition && newVelocity < 0) {
      newVelocity = 0;
    }
    boolean terminated = newPosition >= rounded(GOAL) && newVelocity >= rounded(goalVelocity);
    restore((float) newPosition, (float) newVelocity);
    double reward = (terminated ? 100 : 0) - (double) force * force * 0.1;
    return new Step(observation(), reward, terminated, false, Map.of());
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
    inFloat32 = state.flag(inFloat32);
  }
}
