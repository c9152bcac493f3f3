package io.gymbridge.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Space;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.RolloutResponse;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/** What a rollout may take, and what a server may send of it. */
class RolloutGatherTest {
  private static final Space PICTURE = Box.of(DType.UINT8, 0, 255, 1 << 10, 1 << 10);

  private static RolloutGather gather(
      Space observations, int numEnvs, int steps, RolloutOptions options) {
    EnvSpec spec =
        new EnvSpec("Test-v0", observations, new Discrete(2), 0, OptionalDouble.empty(), Map.of());
    return new RolloutGather(spec, List.of(new Lanes(0, numEnvs)), numEnvs, steps, options);
  }

  private static void assertTooLarge(String what, Space observations, int numEnvs, int steps) {
    GymException refusal =
        assertThrows(
            GymException.class,
            () -> gather(observations, numEnvs, steps, RolloutOptions.drawn(1)));
    assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
    assertTrue(refusal.getMessage().contains(what), refusal.getMessage());
  }

  @Test
  void rollout_that_no_array_can_hold_is_refused() {
    assertTooLarge("their observations", PICTURE, 4, 512);
    assertTooLarge("expected at most 510", PICTURE, 4, 511);
    assertTooLarge("their observations", PICTURE, 1, Integer.MAX_VALUE);
    assertTooLarge("expected at most 262142", Box.of(DType.UINT8, 0, 1, 1), 1 << 10, 1 << 18);
    assertTooLarge("expected at most 0", PICTURE, 1 << 12, 1);
  }

  private static ByteString zeros(int count) {
    return ByteString.copyFrom(new byte[count]);
  }

  private static RolloutResponse block(int parts) {
    RolloutResponse.Builder block =
        RolloutResponse.newBuilder()
            .setSteps(1)
            .setObservations(Buffers.newBuilder().addBuffers(zeros(2)))
            .setActions(Buffers.newBuilder().addBuffers(zeros(8)))
            .setRewards(zeros(8))
            .setTerminated(zeros(1))
            .setTruncated(zeros(1))
            .setResets(zeros(1))
            .setLogProbabilities(zeros(8));
    for (int part = 0; part < parts; part++) {
      block.addDistribution(zeros(8));
    }
    return block.build();
  }

  @Test
  void distribution_has_no_more_parts_than_a_policy_may_give() {
    Space small = Box.of(DType.UINT8, 0, 1, 1);
    RolloutOptions asked = RolloutOptions.drawn(1).withDistribution(true);
    gather(small, 1, 1, asked).add(0, block(2));
    GymException refusal =
        assertThrows(GymException.class, () -> gather(small, 1, 1, asked).add(0, block(3)));
    assertEquals(Kind.INTERNAL, refusal.kind());
    assertEquals(
        "distribution: got 3 parts from the server, expected up to 2", refusal.getMessage());
    RolloutOptions not = RolloutOptions.drawn(1);
    assertThrows(GymException.class, () -> gather(small, 1, 1, not).add(0, block(1)));
  }
}
