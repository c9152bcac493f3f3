package io.gymbridge.core.wrappers;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.StatefulEnv;
import io.gymbridge.core.Value;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A walk on a line by random steps: observed are position and time, rewarded the position. */
final class WalkEnv implements StatefulEnv {
  private static final Box ALL =
      Box.of(DType.FLOAT32, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 2);
  private long drawn;
  private double position;
  private int time;

  @Override
  public EnvSpec spec() {
    return new EnvSpec("Walk", ALL, new Discrete(3), 9, OptionalDouble.empty(), Map.of());
  }

  @Override
  public Reset reset(@Nullable Long seed, Map<String, ?> options) {
    drawn = seed == null ? drawn : seed;
    position = draw();
    time = 0;
    return new Reset(observation(), Map.of());
  }

  private double draw() {
    return new SplittableRandom(drawn++).nextDouble(-1, 1);
  }

  @Override
  public Step step(Value action) {
    position += draw() + action.array().getLong(0);
    time++;
    return new Step(observation(), position, position > 12, false, Map.of());
  }

  private Value observation() {
    return NdArray.of(new float[] {(float) position, time}, 2);
  }

  @Override
  public @Nullable NdArray render() {
    return null;
  }

  @Override
  public byte[] saveState() {
    return EnvState.save("Walk", 1, this::exchange);
  }

  @Override
  public void restoreState(byte[] state) {
    EnvState.restore(state, "Walk", 1, this::exchange);
  }

  private void exchange(EnvState state) {
    drawn = state.integer(drawn);
    position = state.real(position);
    time = state.integer(time, 0, 1000);
  }

  @Override
  public void close() {}
}
