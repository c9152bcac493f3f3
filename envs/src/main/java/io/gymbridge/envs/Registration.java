package io.gymbridge.envs;

import io.gymbridge.core.EnvBatch;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.Space;
import io.gymbridge.core.StatefulEnv;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * One line of the registration list, with what Gymnasium's {@code register} takes.
 *
 * @param id unique
 * @param maxEpisodeSteps steps after which episodes are truncated; 0 for never
 * @param rewardThreshold return at which the task counts as solved
 * @param kwargs keyword arguments that are this id's own; the caller's go before
 * @param maker makes an environment, with no time limit yet; or a batch
 */
record Registration(
    String id,
    long maxEpisodeSteps,
    OptionalDouble rewardThreshold,
    Map<String, Object> kwargs,
    Maker maker) {

  /**
   * An environment's constructor; it asks for every keyword argument it knows, whatever the values.
   */
  interface Maker {
    StatefulEnv make(Registration registration, Kwargs kwargs);
  }

  /** The constructor of a batch of environments, which makes a single one as a batch of one. */
  interface BatchMaker extends Maker {
    EnvBatch make(Registration registration, Kwargs kwargs, int numEnvs);

    @Override
    default StatefulEnv make(Registration registration, Kwargs kwargs) {
      return make(registration, kwargs, 1).lane(0);
    }
  }

  /** The spec of this id's environments. */
  EnvSpec spec(Space observations, Space actions, long renderFps, String... renderModes) {
    return new EnvSpec(
        id,
        observations,
        actions,
        maxEpisodeSteps,
        rewardThreshold,
        Map.of("render_modes", List.of(renderModes), "render_fps", renderFps));
  }
}
