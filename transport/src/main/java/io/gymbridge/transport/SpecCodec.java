package io.gymbridge.transport;

import io.gymbridge.core.EnvSpec;
import io.gymbridge.proto.v1.EnvironmentSpec;
import java.util.OptionalDouble;

/** What is known of an environment before its first step, on the wire. Stateless. */
public final class SpecCodec {
  private SpecCodec() {}

  /** The message for a spec. */
  public static EnvironmentSpec encode(EnvSpec spec) {
    EnvironmentSpec.Builder message =
        EnvironmentSpec.newBuilder()
            .setEnvId(spec.id())
            .setObservationSpace(SpaceCodec.encode(spec.observationSpace()))
            .setActionSpace(SpaceCodec.encode(spec.actionSpace()))
            .setMaxEpisodeSteps(spec.maxEpisodeSteps())
            .setMetadata(ItemCodec.encode(spec.metadata(), "metadata"));
    spec.rewardThreshold().ifPresent(message::setRewardThreshold);
    return message.build();
  }

  /**
   * The spec of a message.
   *
   * @throws io.gymbridge.core.GymException as {@link SpaceCodec#decode}
   */
  public static EnvSpec decode(EnvironmentSpec message) {
    return new EnvSpec(
        message.getEnvId(),
        SpaceCodec.decode(message.getObservationSpace()),
        SpaceCodec.decode(message.getActionSpace()),
        message.getMaxEpisodeSteps(),
        message.hasRewardThreshold()
            ? OptionalDouble.of(message.getRewardThreshold())
            : OptionalDouble.empty(),
        ItemCodec.decode(message.getMetadata(), "metadata"));
  }
}
