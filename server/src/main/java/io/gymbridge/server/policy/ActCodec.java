package io.gymbridge.server.policy;

import com.google.protobuf.ByteString;
import io.gymbridge.core.DType;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.policies.Outcome;
import io.gymbridge.policies.Question;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.proto.v1.ActResponse;
import io.gymbridge.server.Finite;
import io.gymbridge.transport.Statuses;
import io.gymbridge.transport.ValueCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;

/** {@link ActRequest}s as {@link Question}s, and {@link Outcome}s as {@link ActResponse}s. */
final class ActCodec {
  /** More than any batch that fits into a message makes sense of. */
  static final int MAX_BATCH_SIZE = 1 << 20;

  private ActCodec() {}

  /** The number of observations; INVALID_ARGUMENT for none, or too many. */
  static int size(ActRequest request) {
    int n = request.getBatchSize();
    if (n < 1 || n > MAX_BATCH_SIZE) {
      throw invalid(
          "got a batch size of %s, expected 1 … %d"
              .formatted(Integer.toUnsignedString(n), MAX_BATCH_SIZE));
    }
    return n;
  }

  /**
   * What is asked of a version.
   *
   * @param kept recurrent states that the server has kept, where the request brings none
   * @throws GymException INVALID_ARGUMENT for observations, masks and states that do not fit
   */
  static Question question(Version version, ActRequest request, @Nullable Value kept) {
    int n = size(request);
    Value observations =
        version.observations().decode(request.getObservations(), n, "observations");
    Finite.check(observations, "observations");
    if (request.getValue() && !version.actor().values()) {
      throw invalid("the policy %s gives no values".formatted(version));
    }
    return new Question(
        observations,
        request.getDeterministic(),
        request.hasDraw()
            ? new Question.Draw(request.getDraw().getSeed(), request.getDraw().getStep())
            : null,
        mask(version, request.getActionMask(), n),
        state(version, request, n, kept),
        request.getLogProbability(),
        request.getValue());
  }

  /** Which choices are allowed, a byte for each; null for an empty mask. */
  static @Nullable NdArray mask(Version version, ByteString mask, int n) {
    if (mask.isEmpty()) {
      return null;
    }
    if (!version.actor().masks()) {
      throw invalid(
          "the policy %s has no probabilities that a mask could apply to".formatted(version));
    }
    int choices = version.actor().actionSpace().flatSize();
    if (mask.size() != n * (long) choices) {
      throw invalid(
          "got an action mask of %d bytes, expected %d: one for each of the %d choices of %d rows"
              .formatted(mask.size(), n * (long) choices, choices, n));
    }
    for (int i = 0; i < mask.size(); i++) {
      if (mask.byteAt(i) != 0 && mask.byteAt(i) != 1) {
        throw invalid(
            "choice %d of row %d of the action mask is %d, expected 0 or 1"
                .formatted(i % choices, i / choices, mask.byteAt(i)));
      }
    }
    return NdArray.wrap(DType.INT8, mask.asReadOnlyByteBuffer(), n, choices);
  }

  private static @Nullable Value state(
      Version version, ActRequest request, int n, @Nullable Value kept) {
    if (request.getState().getBuffersCount() == 0) {
      return kept;
    }
    ValueCodec codec = version.states();
    if (codec == null) {
      throw invalid("the policy %s has no recurrent state".formatted(version));
    }
    Value state = codec.decode(request.getState(), n, "state");
    Finite.check(state, "state");
    return state;
  }

  /**
   * The answer, its actions clipped to the space.
   *
   * @throws GymException the refusal's; ENVIRONMENT where the policy gave what is no action
   */
  static ActResponse response(Version version, ActRequest request, Outcome outcome) {
    if (outcome instanceof Outcome.Refusal refusal) {
      throw refusal.reason();
    }
    Outcome.Answer answer = (Outcome.Answer) outcome;
    int n = request.getBatchSize();
    ActResponse.Builder response = ActResponse.newBuilder().setVersion(version.name());
    try {
      Value clipped = Clip.into(version.actor().actionSpace(), answer.actions());
      response.setActions(version.actions().encode(clipped, n, "actions"));
    } catch (GymException e) {
      throw Statuses.raised("the policy " + version.policy(), e);
    }
    double[] logProbabilities = answer.logProbabilities();
    if (request.getLogProbability() && logProbabilities != null) {
      ByteBuffer bytes = bytes(8 * n);
      bytes.asDoubleBuffer().put(logProbabilities);
      response.setLogProbabilities(ByteString.copyFrom(bytes));
    }
    float[] values = answer.values();
    if (request.getValue() && values != null) {
      ByteBuffer bytes = bytes(4 * n);
      bytes.asFloatBuffer().put(values);
      response.setValues(ByteString.copyFrom(bytes));
    }
    if (request.getDigest()) {
      response.setDigest(version.digest());
    }
    if (request.getEchoMask()) {
      response.setActionMask(request.getActionMask());
    }
    ValueCodec states = version.states();
    Value state = answer.state();
    if (request.getNextState() && states != null && state != null) {
      response.setState(states.encode(state, n, "state"));
    }
    return response.build();
  }

  private static ByteBuffer bytes(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static GymException invalid(String message) {
    return new GymException(Kind.INVALID_ARGUMENT, message);
  }
}
