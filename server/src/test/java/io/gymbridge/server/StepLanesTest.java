package io.gymbridge.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.rpc.Status;
import io.grpc.Status.Code;
import io.gymbridge.core.NdArray;
import io.gymbridge.proto.v1.AutoresetMode;
import io.gymbridge.proto.v1.InfoMode;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.StepResponse;
import io.gymbridge.transport.ItemCodec;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** Steps of some lanes of a shard, while the others stay where they are. */
class StepLanesTest {
  /** Three lanes; the environment's episodes have so many steps. */
  private static void counting(int length, AutoresetMode mode, Consumer<Client.Stream> body) {
    counting(length, mode, InfoMode.INFO_MODE_ALL, body);
  }

  private static void counting(
      int length, AutoresetMode mode, InfoMode infoMode, Consumer<Client.Stream> body) {
    try (Served served = Served.of("Counting", () -> ScriptedEnv.ofLength(length));
        Client client = new Client(served.address())) {
      OpenSessionResponse session =
          client.stub.openSession(
              Client.lanes(3).setAutoresetMode(mode).setInfoMode(infoMode).build());
      assertTrue(session.getCapabilitiesList().contains("step_lanes"));
      Client.Stream stream = client.attached(session, 0);
      stream.reset(1, 2, 3);
      body.accept(stream);
    }
  }

  private static InteractResponse step(Client.Stream stream, List<Integer> lanes, long... chosen) {
    InteractRequest.Builder request = stream.stepping(chosen);
    request.getStepBuilder().addAllLanes(lanes);
    return stream.ask(request);
  }

  private static NdArray rows(float... values) {
    return NdArray.of(values, values.length / 2, 2);
  }

  private static void assertShows(Client.Stream stream, NdArray expected, StepResponse step) {
    assertEquals(expected, stream.observations(step.getObservations(), expected.shape()[0]));
  }

  private static ByteString flags(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return ByteString.copyFrom(bytes);
  }

  private static void assertError(Code code, String message, Status error) {
    assertEquals(code.value(), error.getCode(), error.getMessage());
    assertTrue(error.getMessage().contains(message), error.getMessage());
  }

  @Test
  void only_the_lanes_named_move_and_results_are_in_their_order() {
    counting(
        9,
        AutoresetMode.AUTORESET_MODE_NEXT_STEP,
        stream -> {
          StepResponse two = step(stream, List.of(2, 0), 1, 2).getStep();
          assertShows(stream, rows(1, 3, 1, 1), two);
          assertEquals(
              2,
              two.getRewards().asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).getDouble(8));
          assertEquals(
              NdArray.of(new long[] {1, 1}, 2),
              ItemCodec.decode(two.getInfos(), "infos").get("count"));
          assertShows(stream, rows(1, 2), step(stream, List.of(1), 0).getStep());
          assertShows(stream, rows(2, 1, 2, 2, 2, 3), stream.step(0, 0, 0).getStep());
        });
  }

  @Test
  void each_lane_is_reset_at_its_own_next_step() {
    counting(
        2,
        AutoresetMode.AUTORESET_MODE_NEXT_STEP,
        stream -> {
          step(stream, List.of(1), 0);
          assertEquals(flags(1), step(stream, List.of(1), 0).getStep().getTerminated());
          StepResponse both = step(stream, List.of(1, 0), 2, 1).getStep();
          assertShows(stream, rows(0, 2, 1, 1), both);
          assertEquals(flags(0, 0), both.getTerminated());
        });
  }

  @Test
  void same_step_gives_final_observations_and_infos_in_the_order_of_lanes() {
    counting(
        2,
        AutoresetMode.AUTORESET_MODE_SAME_STEP,
        stream -> {
          step(stream, List.of(2, 0), 0, 0);
          StepResponse ended = step(stream, List.of(2, 1, 0), 0, 0, 0).getStep();
          assertEquals(flags(1, 0, 1), ended.getTerminated());
          assertShows(stream, rows(0, 3, 1, 2, 0, 1), ended);
          assertEquals(rows(2, 3, 2, 1), stream.observations(ended.getFinalObservations(), 2));
          assertEquals(
              NdArray.of(new long[] {2, 0, 2}, 3),
              ItemCodec.decode(ended.getFinalInfos(), "infos").get("count"));
        });
  }

  @Test
  void without_autoreset_only_the_ended_lane_is_held_up() {
    counting(
        1,
        AutoresetMode.AUTORESET_MODE_DISABLED,
        stream -> {
          assertEquals(flags(1), step(stream, List.of(1), 0).getStep().getTerminated());
          assertError(
              Code.FAILED_PRECONDITION,
              "lane 1 has ended",
              step(stream, List.of(0, 1), 0, 0).getError());
          assertShows(stream, rows(1, 1), step(stream, List.of(0), 0).getStep());
          InteractResponse reset =
              stream.ask(
                  InteractRequest.newBuilder()
                      .setReset(ResetRequest.newBuilder().setResetMask(flags(0, 1, 0))));
          assertEquals(
              rows(1, 1, 0, 2, 0, 3), stream.observations(reset.getReset().getObservations(), 3));
          assertTrue(step(stream, List.of(1), 0).hasStep());
        });
  }

  @Test
  void infos_of_lanes_are_those_of_the_ones_named() {
    counting(
        9,
        AutoresetMode.AUTORESET_MODE_NEXT_STEP,
        InfoMode.INFO_MODE_LANES,
        stream -> {
          step(stream, List.of(1), 0);
          StepResponse two = step(stream, List.of(1, 2), 0, 0).getStep();
          assertEquals(2, two.getLaneInfosCount());
          assertEquals(2L, ItemCodec.decode(two.getLaneInfos(0), "infos").get("count"));
          assertEquals(1L, ItemCodec.decode(two.getLaneInfos(1), "infos").get("count"));
        });
  }

  @Test
  void what_is_refused_moves_no_lane() {
    counting(
        9,
        AutoresetMode.AUTORESET_MODE_NEXT_STEP,
        stream -> {
          assertError(
              Code.INVALID_ARGUMENT,
              "3 is not less than 3",
              step(stream, List.of(3), 0).getError());
          assertError(
              Code.INVALID_ARGUMENT,
              "more than once",
              step(stream, List.of(1, 1), 0, 0).getError());
          assertError(
              Code.INVALID_ARGUMENT,
              "actions: got 16 bytes, expected 8",
              step(stream, List.of(1), 0, 0).getError());
          assertError(
              Code.INVALID_ARGUMENT,
              "action of lane 2",
              step(stream, List.of(0, 2), 0, 7).getError());
          assertShows(stream, rows(1, 1, 1, 2, 1, 3), stream.step(0, 0, 0).getStep());
        });
  }

  @Test
  void after_a_failure_the_lanes_of_the_step_want_a_reset_and_the_others_go_on() {
    try (Served served =
            Served.of(
                "Failing",
                () ->
                    new ScriptedEnv(
                        (count, usual) -> {
                          if (count == 2) {
                            throw new IllegalStateException("the second step always fails");
                          }
                          return usual;
                        }));
        Client client = new Client(served.address())) {
      Client.Stream stream = client.attached(client.open(3), 0);
      stream.reset();
      step(stream, List.of(2), 0);
      assertError(Code.UNKNOWN, "lane 2", step(stream, List.of(0, 2), 0, 0).getError());
      assertTrue(step(stream, List.of(1), 0).hasStep());
      assertError(
          Code.FAILED_PRECONDITION, "lane 0 wants a reset", step(stream, List.of(0), 0).getError());
    }
  }
}
