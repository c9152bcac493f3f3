package io.gymbridge.cli.serving;

import com.google.protobuf.ByteString;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import io.gymbridge.learners.PolicyNetwork;
import io.gymbridge.learners.nn.Activation;
import io.gymbridge.policies.OnnxPolicy;
import io.gymbridge.policies.PolicyBundle;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.proto.v1.Buffers;
import java.nio.ByteOrder;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A policy of the size that MuJoCo's usually have, 17-256-256-6 tanh, or a smaller one, with random
 * weights of a seed: other seeds, other actions.
 *
 * @param bundle the policy
 * @param actions float32 (1, 6), its most likely actions for {@link #OBSERVATION}
 */
public record BenchPolicy(PolicyBundle bundle, NdArray actions) {
  /** The name under which it is served. */
  public static final String NAME = "bench";

  static final int INPUTS = 17;
  static final int OUTPUTS = 6;
  static final Box OBSERVATIONS = Box.of(DType.FLOAT32, -10, 10, INPUTS);
  static final Box ACTIONS = Box.of(DType.FLOAT32, -1, 1, OUTPUTS);

  /** What all callers ask, float32 (1, 17). */
  static final NdArray OBSERVATION = observations(1, 1);

  /** A question for the most likely action for {@link #OBSERVATION}. */
  static final ActRequest QUESTION =
      ActRequest.newBuilder()
          .setPolicy(NAME)
          .setBatchSize(1)
          .setObservations(Buffers.newBuilder().addBuffers(ByteString.copyFrom(OBSERVATION.data())))
          .setDeterministic(true)
          .build();

  private static final int GOLDEN = 16;

  /** As {@link #QUESTION}, for so many times the same observation. */
  static ActRequest question(int rows) {
    ByteString observation = ByteString.copyFrom(OBSERVATION.data());
    return QUESTION.toBuilder()
        .setBatchSize(rows)
        .setObservations(
            Buffers.newBuilder()
                .addBuffers(ByteString.copyFrom(Collections.nCopies(rows, observation))))
        .build();
  }

  /** The network that is measured. */
  public static BenchPolicy create(long seed) {
    return create(256, seed);
  }

  /** One with two layers of so many units. */
  public static BenchPolicy create(int hidden, long seed) {
    PolicyNetwork network =
        PolicyNetwork.create(
            OBSERVATIONS,
            ACTIONS,
            new PolicyNetwork.Architecture(List.of(hidden, hidden), Activation.TANH),
            seed);
    PolicyBundle bundle =
        network.toBundle(
            NAME, "none", "Bench-v0", Map.of("seed", seed), observations(GOLDEN, 2 + seed));
    try (OnnxPolicy policy = bundle.policy(0)) {
      return new BenchPolicy(bundle, policy.act(OBSERVATION, true).array());
    }
  }

  private static NdArray observations(int n, long seed) {
    Random random = new Random(seed);
    float[] values = new float[n * INPUTS];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) Math.max(-9, Math.min(9, random.nextGaussian()));
    }
    return NdArray.of(values, n, INPUTS);
  }

  /** Whether actions that a server sent are this policy's, to 1e-5. */
  public boolean acts(ByteString sent) {
    if (sent.size() != Float.BYTES * OUTPUTS) {
      return false;
    }
    var numbers = sent.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < OUTPUTS; i++) {
      // Written so that NaN does not pass.
      if (!(Math.abs(numbers.getFloat(Float.BYTES * i) - actions.getDouble(i))
          <= PolicyBundle.PARITY)) {
        return false;
      }
    }
    return true;
  }
}
