package io.gymbridge.server;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.proto.v1.ActResponse;
import io.gymbridge.proto.v1.DescribePolicyResponse;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.SpaceCodec;
import io.gymbridge.transport.Statuses;
import io.gymbridge.transport.ValueCodec;

/** A policy with its codecs, asked by one caller at a time. Thread-safe. */
final class HostedPolicy {
  /** More than any batch that fits into a message makes sense of. */
  private static final int MAX_BATCH_SIZE = 1 << 20;

  private final ServedPolicy served;
  private final ValueCodec observationCodec;
  private final ValueCodec actionCodec;
  private final DescribePolicyResponse description;

  HostedPolicy(ServedPolicy served) {
    this.served = served;
    Space observationSpace = served.policy().observationSpace();
    Space actionSpace = served.policy().actionSpace();
    observationCodec = new ValueCodec(observationSpace);
    actionCodec = new ValueCodec(actionSpace);
    description =
        DescribePolicyResponse.newBuilder()
            .setName(served.name())
            .setVersion(served.version())
            .setObservationSpace(SpaceCodec.encode(observationSpace))
            .setActionSpace(SpaceCodec.encode(actionSpace))
            .setStochastic(served.stochastic())
            .setProvenance(ItemCodec.encode(served.provenance(), "provenance"))
            .build();
  }

  DescribePolicyResponse description() {
    return description;
  }

  ActResponse act(ActRequest request) {
    int n = request.getBatchSize();
    if (n < 1 || n > MAX_BATCH_SIZE) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "got a batch size of %s, expected 1 … %d"
              .formatted(Integer.toUnsignedString(n), MAX_BATCH_SIZE));
    }
    Value observations = observationCodec.decode(request.getObservations(), n, "observations");
    Finite.check(observations, "observations");
    Value actions = ask(observations, request.getDeterministic());
    return ActResponse.newBuilder()
        .setActions(encode(actions, n))
        .setVersion(served.version())
        .build();
  }

  private synchronized Value ask(Value observations, boolean deterministic) {
    try {
      return served.policy().act(observations, deterministic);
    } catch (GymException e) {
      throw e;
    } catch (RuntimeException e) {
      throw Statuses.raised("the policy " + served.name(), e);
    }
  }

  private io.gymbridge.proto.v1.Buffers encode(Value actions, int n) {
    try {
      return actionCodec.encode(Clip.into(served.policy().actionSpace(), actions), n, "actions");
    } catch (GymException e) {
      throw Statuses.raised("the policy " + served.name(), e);
    }
  }

  synchronized void close() {
    served.policy().close();
  }
}
