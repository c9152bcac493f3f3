package io.gymbridge.learners;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.core.wrappers.VectorWrapper;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Pays a {@link LearnedReward} instead of the environment's own, which stays among the infos, as
 * {@value #OWN}. In all three autoreset modes a transition is worth the same; what is no transition
 * (the dummy after an end under NEXT_STEP, a lane that was lost) is worth 0. Not thread-safe.
 */
public final class LearnedRewardVectorEnv extends VectorWrapper {
  /** Key of the info that holds the environment's own rewards, {@code float64} (N). */
  public static final String OWN = "environment_reward";

  private final LearnedReward reward;
  private final int width;

  /** Encoded observations that the next actions are chosen on. */
  private final float[] before;

  private final boolean[] resetting;

  /**
   * A batch that is paid otherwise.
   *
   * @throws GymException INVALID_ARGUMENT if the reward was learned in other spaces
   */
  public LearnedRewardVectorEnv(VectorEnv env, LearnedReward reward) {
    super(env);
    reward.check(env.spec());
    this.reward = reward;
    this.width = reward.encoder().observations().width();
    this.before = new float[env.numEnvs() * width];
    this.resetting = new boolean[env.numEnvs()];
  }

  @Override
  public Reset reset(long @Nullable [] seeds, boolean @Nullable [] lanes, Map<String, ?> options) {
    Reset reset = env.reset(seeds, lanes, options);
    remember(reset.observations());
    for (int lane = 0; lane < numEnvs(); lane++) {
      resetting[lane] &= lanes != null && !lanes[lane];
    }
    return reset;
  }

  private void remember(Value observations) {
    float[] encoded = reward.encoder().observations().encode(observations);
    System.arraycopy(encoded, 0, before, 0, before.length);
  }

  @Override
  public Step step(Value actions) {
    Step step = env.step(actions);
    double[] rewards = reward.of(before, actions, after(step), step.terminated());
    long[] paid = new long[numEnvs()];
    for (int lane = 0; lane < numEnvs(); lane++) {
      boolean transition = !resetting[lane] && !step.lost()[lane];
      paid[lane] = transition ? 1 : 0;
      rewards[lane] = transition ? rewards[lane] : 0;
      resetting[lane] =
          transition && step.ended(lane) && autoresetMode() == AutoresetMode.NEXT_STEP;
    }
    remember(step.observations());
    Map<String, Object> infos = new LinkedHashMap<>(step.infos());
    infos.put(OWN, NdArray.of(step.rewards().clone(), numEnvs()));
    infos.put("_" + OWN, NdArray.ofLongs(DType.BOOL, paid, numEnvs()));
    return step.withRewards(rewards).withInfos(infos);
  }

  /** Encoded observations after the step: under SAME_STEP the last one of lanes that ended. */
  private float[] after(Step step) {
    float[] after = reward.encoder().observations().encode(step.observations());
    Value finals = step.finalObservations();
    if (finals == null) {
      return after;
    }
    float[] last = reward.encoder().observations().encode(finals);
    int row = 0;
    for (int lane = 0; lane < numEnvs(); lane++) {
      if (!step.ended(lane)) {
        continue;
      }
      if ((row + 1) * width > last.length) {
        throw new GymException(
            Kind.INTERNAL, "a lane ended under SAME_STEP without its final observation");
      }
      System.arraycopy(last, row++ * width, after, lane * width, width);
    }
    return after;
  }

  @Override
  protected void exchange(EnvState state, int lane) {
    double[] kept = new double[width];
    Arrays.setAll(kept, i -> before[lane * width + i]);
    state.reals(kept);
    for (int i = 0; i < width; i++) {
      before[lane * width + i] = (float) kept[i];
    }
    resetting[lane] = state.flag(resetting[lane]);
  }
}
