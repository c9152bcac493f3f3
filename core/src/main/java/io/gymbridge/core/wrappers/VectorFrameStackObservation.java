package io.gymbridge.core.wrappers;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * {@link FrameStackObservation} for a batch, which Gymnasium does not have: every lane has the
 * stack that its environment would have alone. No stack holds observations of two episodes.
 */
public final class VectorFrameStackObservation extends VectorWrapper {
  private final List<FrameStack> frames = new ArrayList<>();
  private final boolean[] resetting;
  private final EnvSpec spec;

  /** With {@link FramePadding#RESET}. */
  public VectorFrameStackObservation(VectorEnv env, int stackSize) {
    this(env, stackSize, FramePadding.RESET);
  }

  /** Parameters as {@link FrameStackObservation}'s. */
  public VectorFrameStackObservation(VectorEnv env, int stackSize, FramePadding padding) {
    super(env);
    Space space = env.spec().observationSpace();
    for (int lane = 0; lane < env.numEnvs(); lane++) {
      frames.add(new FrameStack(space, stackSize, padding));
    }
    resetting = new boolean[env.numEnvs()];
    spec = env.spec().withObservationSpace(space.batch(stackSize));
  }

  @Override
  public EnvSpec spec() {
    return spec;
  }

  @Override
  public Reset reset(long @Nullable [] seeds, boolean @Nullable [] lanes, Map<String, ?> options) {
    Reset reset = env.reset(seeds, lanes, options);
    for (int lane = 0; lane < numEnvs(); lane++) {
      if (lanes == null || lanes[lane]) {
        frames.get(lane).reset(reset.observations().row(lane));
        resetting[lane] = false;
      }
    }
    return reset.withObservations(stacked());
  }

  @Override
  public Step step(Value actions) {
    Step step = env.step(actions);
    List<Value> finals = new ArrayList<>();
    for (int lane = 0; lane < numEnvs(); lane++) {
      FrameStack stack = frames.get(lane);
      Value observation = step.observations().row(lane);
      if (resetting[lane] || step.lost()[lane]) {
        stack.reset(observation);
      } else if (step.ended(lane) && autoresetMode() == AutoresetMode.SAME_STEP) {
        stack.add(finalObservation(step, finals.size()));
        finals.add(stack.stacked());
        stack.reset(observation);
      } else {
        stack.add(observation);
      }
      resetting[lane] = step.ended(lane) && autoresetMode() == AutoresetMode.NEXT_STEP;
    }
    return step.withObservations(stacked(), finals.isEmpty() ? null : Value.stack(finals));
  }

  private static Value finalObservation(Step step, int row) {
    Value last = step.finalObservations();
    if (last == null) {
      throw new GymException(
          Kind.INTERNAL, "a lane ended under SAME_STEP without its final observation");
    }
    return last.row(row);
  }

  private Value stacked() {
    return Value.stack(frames.stream().map(FrameStack::stacked).toList());
  }

  @Override
  protected void exchange(EnvState state, int lane) {
    frames.get(lane).exchange(state);
    resetting[lane] = state.flag(resetting[lane]);
  }

  @Override
  protected Value shown(Value observations) {
    return stacked();
  }
}
