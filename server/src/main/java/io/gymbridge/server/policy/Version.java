package io.gymbridge.server.policy;

import io.gymbridge.core.Space;
import io.gymbridge.policies.Actor;
import io.gymbridge.proto.v1.DescribePolicyResponse;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.SpaceCodec;
import io.gymbridge.transport.ValueCodec;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One version of a policy, ready to act. It is closed once it is out of service and nobody holds it
 * any more: neither an episode that began with it, nor a question under way. Thread-safe.
 */
final class Version {
  private final String policy;
  private final String name;
  private final String digest;
  private final Actor actor;
  private final boolean quick;
  private final ValueCodec observations;
  private final ValueCodec actions;
  private final @Nullable ValueCodec states;
  private final DescribePolicyResponse description;
  private final InferenceSignature tensors;
  private final Tally tally = new Tally();
  private final AtomicInteger holders = new AtomicInteger(1);

  /**
   * A version that is held once, by whoever makes it.
   *
   * @param quick whether it answers within a few ten microseconds, and may do so on the threads
   *     that serve the connections
   * @param provenance how the policy came to be
   */
  Version(
      String policy,
      String name,
      String digest,
      Actor actor,
      boolean quick,
      Map<String, Object> provenance) {
    this.policy = policy;
    this.name = name;
    this.digest = digest;
    this.actor = actor;
    this.quick = quick;
    this.observations = new ValueCodec(actor.observationSpace());
    this.actions = new ValueCodec(actor.actionSpace());
    Space state = actor.stateSpace();
    this.states = state == null ? null : new ValueCodec(state);
    DescribePolicyResponse.Builder description =
        DescribePolicyResponse.newBuilder()
            .setName(policy)
            .setVersion(name)
            .setDigest(digest)
            .setObservationSpace(SpaceCodec.encode(actor.observationSpace()))
            .setActionSpace(SpaceCodec.encode(actor.actionSpace()))
            .setStochastic(actor.stochastic())
            .setMasks(actor.masks())
            .setValues(actor.values())
            .setProvenance(ItemCodec.encode(provenance, "provenance"));
    if (state != null) {
      description.setStateSpace(SpaceCodec.encode(state));
    }
    this.description = description.build();
    this.tensors = new InferenceSignature(actor);
  }

  /** The policy's name. */
  String policy() {
    return policy;
  }

  /** The version's name among those of its policy. */
  String name() {
    return name;
  }

  /** Twelve hexadecimal digits of the graph's SHA-256. */
  String digest() {
    return digest;
  }

  Actor actor() {
    return actor;
  }

  /** Whether it may answer on the threads that serve the connections. */
  boolean quick() {
    return quick;
  }

  /** Whether it can say how likely its actions were. */
  boolean logProbabilities() {
    return actor.stochastic() && !(actor instanceof PlainActor);
  }

  ValueCodec observations() {
    return observations;
  }

  ValueCodec actions() {
    return actions;
  }

  /** Null for a policy without recurrent state. */
  @Nullable ValueCodec states() {
    return states;
  }

  DescribePolicyResponse description() {
    return description;
  }

  /** How the Open Inference Protocol asks it. */
  InferenceSignature tensors() {
    return tensors;
  }

  /** What it has been asked. */
  Tally tally() {
    return tally;
  }

  /** Holds it, if it is not closed already. */
  boolean hold() {
    int held = holders.get();
    while (held > 0) {
      if (holders.compareAndSet(held, held + 1)) {
        return true;
      }
      held = holders.get();
    }
    return false;
  }

  /** Lets go of it; the last one to do so closes it. */
  void release() {
    if (holders.decrementAndGet() == 0) {
      actor.close();
    }
  }

  @Override
  public String toString() {
    return policy + "/" + name;
  }
}
