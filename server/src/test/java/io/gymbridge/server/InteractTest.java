package io.gymbridge.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import com.google.rpc.Status;
import io.grpc.Status.Code;
import io.gymbridge.core.Env;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.proto.v1.AttachRequest;
import io.gymbridge.proto.v1.AutoresetMode;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.InfoMode;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.proto.v1.RenderRequest;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.RestoreStateRequest;
import io.gymbridge.proto.v1.SaveStateRequest;
import io.gymbridge.proto.v1.StepRequest;
import io.gymbridge.proto.v1.StepResponse;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.Statuses;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Resets, steps, pictures, states and errors on a stream. */
class InteractTest {

  private static void assertError(Code code, String message, Status error) {
    assertEquals(code.value(), error.getCode(), error.getMessage());
    assertTrue(error.getMessage().contains(message), error.getMessage());
  }

  private static NdArray rows(float... values) {
    return NdArray.of(values, values.length / 2, 2);
  }

  private static ByteString bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return ByteString.copyFrom(bytes);
  }

  private static double reward(StepResponse step, int lane) {
    return step.getRewards()
        .asReadOnlyByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN)
        .getDouble(lane * 8);
  }

  /** A test of one stream of a server with one environment. */
  private interface Body {
    void run(Client.Stream stream, int numEnvs);
  }

  private static void interact(Served served, AutoresetMode mode, int numEnvs, Body body) {
    try (served;
        Client client = new Client(served.address())) {
      OpenSessionResponse session =
          client.stub.openSession(Client.lanes(numEnvs).setAutoresetMode(mode).build());
      body.run(client.attached(session, 0), numEnvs);
    }
  }

  private static void counting(int length, AutoresetMode mode, int numEnvs, Body body) {
    interact(Served.of("Counting", () -> ScriptedEnv.ofLength(length)), mode, numEnvs, body);
  }

  private static void scripted(int numEnvs, ScriptedEnv.Script script, Body body) {
    interact(
        Served.of("Scripted", () -> new ScriptedEnv(script)),
        AutoresetMode.AUTORESET_MODE_NEXT_STEP,
        numEnvs,
        body);
  }

  @Test
  void next_step_returns_the_last_observation_then_the_first() {
    counting(
        2,
        AutoresetMode.AUTORESET_MODE_UNSPECIFIED,
        1,
        (stream, n) -> {
          assertEquals(
              rows(0, 4), stream.observations(stream.reset(4).getReset().getObservations(), 1));
          stream.step(1);
          StepResponse ended = stream.step(2).getStep();
          assertEquals(rows(2, 4), stream.observations(ended.getObservations(), 1));
          assertEquals(bytes(1), ended.getTerminated());
          assertEquals(2, reward(ended, 0));
          assertFalse(ended.hasFinalObservations());
          StepResponse dummy = stream.step(2).getStep();
          assertEquals(rows(0, 4), stream.observations(dummy.getObservations(), 1));
          assertEquals(bytes(0), dummy.getTerminated());
          assertEquals(0, reward(dummy, 0));
        });
  }

  @Test
  void actions_of_lanes_about_to_reset_are_not_checked_but_must_be_there() {
    counting(
        1,
        AutoresetMode.AUTORESET_MODE_NEXT_STEP,
        1,
        (stream, n) -> {
          stream.reset();
          assertEquals(bytes(1), stream.step(0).getStep().getTerminated());
          InteractResponse nothing =
              stream.ask(
                  InteractRequest.newBuilder()
                      .setStep(StepRequest.newBuilder().setActions(Buffers.getDefaultInstance())));
          assertEquals(Code.INVALID_ARGUMENT.value(), nothing.getError().getCode());
          assertTrue(stream.step(99).hasStep());
        });
  }

  @Test
  void same_step_returns_the_first_observation_and_the_last_beside_it() {
    counting(
        2,
        AutoresetMode.AUTORESET_MODE_SAME_STEP,
        2,
        (stream, n) -> {
          stream.reset(1, 2);
          assertFalse(stream.step(0, 0).getStep().hasFinalObservations());
          StepResponse step = stream.step(1, 2).getStep();
          assertEquals(bytes(1, 1), step.getTerminated());
          assertEquals(rows(0, 1, 0, 2), stream.observations(step.getObservations(), 2));
          assertEquals(rows(2, 1, 2, 2), stream.observations(step.getFinalObservations(), 2));
          assertEquals(
              NdArray.of(new long[] {2, 2}, 2),
              ItemCodec.decode(step.getFinalInfos(), "infos").get("count"));
          assertEquals(
              NdArray.of(new long[] {0, 0}, 2),
              ItemCodec.decode(step.getInfos(), "infos").get("count"));
          assertEquals(2, reward(step, 1));
        });
  }

  @Test
  void disabled_wants_ended_lanes_reset_by_mask() {
    counting(
        2,
        AutoresetMode.AUTORESET_MODE_DISABLED,
        2,
        (stream, n) -> {
          stream.reset(1, 2);
          stream.step(0, 0);
          stream.ask(reset(ResetRequest.newBuilder().setResetMask(bytes(0, 1))));
          StepResponse step = stream.step(0, 0).getStep();
          assertEquals(bytes(1, 0), step.getTerminated());
          assertEquals(rows(2, 1, 1, 2), stream.observations(step.getObservations(), 2));
          assertError(Code.FAILED_PRECONDITION, "lane 0", stream.step(0, 0).getError());
          InteractResponse reset =
              stream.ask(reset(ResetRequest.newBuilder().setResetMask(bytes(1, 0))));
          assertEquals(
              rows(0, 1, 1, 2), stream.observations(reset.getReset().getObservations(), 2));
          assertTrue(stream.step(0, 0).hasStep());
        });
  }

  private static InteractRequest.Builder reset(ResetRequest.Builder request) {
    return InteractRequest.newBuilder().setReset(request);
  }

  @Test
  void partial_reset_needs_disabled_and_an_episode_in_the_other_lanes() {
    counting(
        2,
        AutoresetMode.AUTORESET_MODE_NEXT_STEP,
        2,
        (stream, n) -> {
          assertError(
              Code.INVALID_ARGUMENT,
              "AUTORESET_MODE_DISABLED",
              stream.ask(reset(ResetRequest.newBuilder().setResetMask(bytes(1, 0)))).getError());
          assertTrue(
              stream.ask(reset(ResetRequest.newBuilder().setResetMask(bytes(1, 1)))).hasReset());
        });
    counting(
        2,
        AutoresetMode.AUTORESET_MODE_DISABLED,
        2,
        (stream, n) ->
            assertError(
                Code.FAILED_PRECONDITION,
                "lane 1 was never reset",
                stream.ask(reset(ResetRequest.newBuilder().setResetMask(bytes(1, 0)))).getError()));
  }

  @Test
  void seeds_count_where_their_mask_says_and_options_reach_their_lanes() {
    counting(
        9,
        AutoresetMode.AUTORESET_MODE_NEXT_STEP,
        2,
        (stream, n) -> {
          stream.reset(3, 4);
          ByteString seeds = ByteString.copyFrom(new byte[16]);
          InteractResponse reset =
              stream.ask(
                  reset(
                      ResetRequest.newBuilder()
                          .setSeeds(seeds)
                          .setSeedMask(bytes(1, 0))
                          .addLaneOptions(ItemCodec.encode(Map.of(), "options"))
                          .addLaneOptions(ItemCodec.encode(Map.of("start", 5), "options"))));
          assertEquals(
              rows(0, 0, 5, 4), stream.observations(reset.getReset().getObservations(), 2));
          reset =
              stream.ask(
                  reset(
                      ResetRequest.newBuilder()
                          .setOptions(ItemCodec.encode(Map.of("start", 2), "options"))));
          assertEquals(
              rows(2, 0, 2, 4), stream.observations(reset.getReset().getObservations(), 2));
        });
  }

  @Test
  void malformed_resets_are_refused() {
    counting(
        9,
        AutoresetMode.AUTORESET_MODE_NEXT_STEP,
        2,
        (stream, n) -> {
          Map<String, ResetRequest.Builder> requests =
              Map.of(
                  "got 7 bytes, expected 16",
                  ResetRequest.newBuilder().setSeeds(bytes(1, 2, 3, 4, 5, 6, 7)),
                  "lane 0 has -1",
                  ResetRequest.newBuilder()
                      .setSeeds(
                          ByteString.copyFrom(new byte[16])
                              .substring(8)
                              .concat(bytes(255, 255, 255, 255, 255, 255, 255, 255))
                              .substring(8)
                              .concat(ByteString.copyFrom(new byte[8]))),
                  "without seeds",
                  ResetRequest.newBuilder().setSeedMask(bytes(1, 1)),
                  "got 1 bytes, expected 2",
                  ResetRequest.newBuilder().setResetMask(bytes(1)),
                  "only 0 and 1",
                  ResetRequest.newBuilder().setResetMask(bytes(1, 7)),
                  "lane_options: got 1",
                  ResetRequest.newBuilder().addLaneOptions(ItemCodec.encode(Map.of(), "options")));
          requests.forEach(
              (message, request) ->
                  assertError(
                      Code.INVALID_ARGUMENT, message, stream.ask(reset(request)).getError()));
        });
  }

  @Test
  void infos_are_absent_when_not_wanted() {
    try (Served served = Served.of("Counting", () -> ScriptedEnv.ofLength(3));
        Client client = new Client(served.address())) {
      OpenSessionResponse session =
          client.stub.openSession(Client.lanes(1).setInfoMode(InfoMode.INFO_MODE_NONE).build());
      Client.Stream stream = client.attached(session, 0);
      assertFalse(stream.reset().getReset().hasInfos());
      assertFalse(stream.step(0).getStep().hasInfos());
    }
  }

  @Test
  void infos_come_lane_by_lane_when_so_wanted() {
    try (Served served = Served.of("Counting", () -> ScriptedEnv.ofLength(3));
        Client client = new Client(served.address())) {
      OpenSessionResponse session =
          client.stub.openSession(
              Client.lanes(2)
                  .setInfoMode(InfoMode.INFO_MODE_LANES)
                  .setAutoresetMode(AutoresetMode.AUTORESET_MODE_DISABLED)
                  .build());
      Client.Stream stream = client.attached(session, 0);
      assertFalse(stream.reset().getReset().hasInfos());
      StepResponse step = stream.step(0, 0).getStep();
      assertFalse(step.hasInfos());
      assertEquals(2, step.getLaneInfosCount());
      assertEquals(Map.of("count", 1L), ItemCodec.decode(step.getLaneInfos(1), "infos"));
      InteractResponse reset =
          stream.ask(reset(ResetRequest.newBuilder().setResetMask(bytes(1, 0))));
      assertEquals(
          Map.of("count", 0L), ItemCodec.decode(reset.getReset().getLaneInfos(0), "infos"));
      assertEquals(Map.of(), ItemCodec.decode(reset.getReset().getLaneInfos(1), "infos"));
    }
  }

  @Test
  void wrong_actions_are_refused_and_nothing_is_stepped() {
    counting(
        9,
        AutoresetMode.AUTORESET_MODE_NEXT_STEP,
        2,
        (stream, n) -> {
          assertError(Code.FAILED_PRECONDITION, "wants a reset", stream.step(0, 0).getError());
          stream.reset(1, 2);
          InteractResponse refused = stream.step(0, 3);
          assertError(
              Code.INVALID_ARGUMENT,
              "action of lane 1: got 3, expected one of 0 … 2",
              refused.getError());
          assertEquals(0, refused.getEnvironmentNanos());
          assertEquals(
              rows(1, 1, 1, 2),
              stream.observations(stream.step(0, 0).getStep().getObservations(), 2));
        });
  }

  @Test
  void environment_that_throws_leaves_the_session_usable_after_a_reset() {
    scripted(
        2,
        (count, usual) -> {
          if (count == 3) {
            throw new IllegalStateException("the third step always fails");
          }
          return usual;
        },
        (stream, n) -> {
          stream.reset();
          stream.step(0, 0);
          stream.step(0, 0);
          Status error = stream.step(0, 0).getError();
          assertError(Code.UNKNOWN, "the third step always fails", error);
          assertTrue(error.getMessage().contains("lane 0"), error.getMessage());
          assertTrue(Statuses.decode(error).traceback().orElseThrow().contains("InteractTest"));
          assertError(Code.FAILED_PRECONDITION, "wants a reset", stream.step(0, 0).getError());
          assertTrue(stream.reset().hasReset());
          assertTrue(stream.step(0, 0).hasStep());
        });
  }

  @Test
  void even_errors_of_the_virtual_machine_are_answered() {
    scripted(
        1,
        (count, usual) -> {
          throw new StackOverflowError("too deep");
        },
        (stream, n) -> {
          stream.reset();
          assertError(Code.UNKNOWN, "too deep", stream.step(0).getError());
        });
  }

  @Test
  void what_an_environment_refuses_itself_keeps_its_kind() {
    scripted(
        1,
        (count, usual) -> {
          throw new GymException(Kind.FAILED_PRECONDITION, "charge the battery first");
        },
        (stream, n) -> {
          stream.reset();
          assertError(Code.FAILED_PRECONDITION, "charge the battery", stream.step(0).getError());
        });
  }

  @ParameterizedTest
  @ValueSource(strings = {"shape", "nan", "reward", "type"})
  void nonsense_from_an_environment_is_its_error(String what) {
    scripted(
        2,
        (count, usual) ->
            switch (what) {
              case "shape" -> new Env.Step(NdArray.of(new float[3], 3), 0, false, false, Map.of());
              case "type" -> new Env.Step(NdArray.of(new double[2], 2), 0, false, false, Map.of());
              case "nan" ->
                  new Env.Step(
                      NdArray.of(new float[] {Float.NaN, 0}, 2), 0, false, false, Map.of());
              default -> new Env.Step(usual.observation(), Double.NaN, false, false, Map.of());
            },
        (stream, n) -> {
          stream.reset();
          Status error = stream.step(0, 0).getError();
          assertEquals(Code.UNKNOWN.value(), error.getCode(), error.getMessage());
          assertTrue(error.getMessage().contains("lane 0"), error.getMessage());
          assertTrue(stream.reset().hasReset());
        });
  }

  @Test
  void infos_that_cannot_be_sent_are_left_out() {
    scripted(
        1,
        (count, usual) ->
            new Env.Step(
                usual.observation(),
                0,
                false,
                false,
                Map.of("fine", 1L, "odd", new java.io.File("x"))),
        (stream, n) -> {
          stream.reset();
          Map<String, Object> infos =
              ItemCodec.decode(stream.step(0).getStep().getInfos(), "infos");
          assertEquals(NdArray.of(new long[] {1}, 1), infos.get("fine"));
          assertEquals(2, infos.size());
        });
  }

  @Test
  void frames_are_rendered_in_each_mode() {
    try (Served served = Served.of(ServeOptions.DEFAULTS, Served.javaEnvironments());
        Client client = new Client(served.address())) {
      for (String mode : List.of("rgb_array", "ansi", "")) {
        OpenSessionResponse session =
            client.stub.openSession(
                Client.lanes(2).setEnvId("FrozenLake-v1").setRenderMode(mode).build());
        assertEquals(mode, session.getSpec().getRenderMode());
        Client.Stream stream = client.attached(session, 0);
        stream.reset();
        InteractResponse all =
            stream.ask(InteractRequest.newBuilder().setRender(RenderRequest.getDefaultInstance()));
        switch (mode) {
          case "rgb_array" -> {
            assertEquals(2, all.getRendered().getFramesCount());
            assertEquals(3, all.getRendered().getFrames(0).getTensor().getShapeCount());
            RenderRequest.Builder second = RenderRequest.newBuilder().addLanes(1);
            assertEquals(
                1,
                stream
                    .ask(InteractRequest.newBuilder().setRender(second))
                    .getRendered()
                    .getFramesCount());
            assertError(
                Code.INVALID_ARGUMENT,
                "2 is not less than 2",
                stream.ask(InteractRequest.newBuilder().setRender(second.addLanes(2))).getError());
          }
          case "ansi" -> assertFalse(all.getRendered().getFrames(1).getText().isEmpty());
          default -> assertError(Code.FAILED_PRECONDITION, "without a render_mode", all.getError());
        }
      }
    }
  }

  @Test
  void saved_states_are_restored_in_other_sessions_and_lanes() {
    try (Served served = Served.of(ServeOptions.DEFAULTS, Served.javaEnvironments());
        Client client = new Client(served.address())) {
      Client.Stream from = cartPoles(client);
      from.reset(1, 2);
      from.step(0, 1);
      List<ByteString> states =
          from.ask(InteractRequest.newBuilder().setSaveState(SaveStateRequest.getDefaultInstance()))
              .getSaved()
              .getStatesList();
      StepResponse next = from.step(1, 0).getStep();
      Client.Stream into = cartPoles(client);
      RestoreStateRequest.Builder swapped =
          RestoreStateRequest.newBuilder().addLanes(1).addLanes(0).addAllStates(states);
      InteractResponse restored = into.ask(InteractRequest.newBuilder().setRestoreState(swapped));
      assertTrue(restored.hasRestored(), restored.toString());
      StepResponse again = into.step(0, 1).getStep();
      assertEquals(
          from.observations(next.getObservations(), 2).take(new int[] {1, 0}),
          into.observations(again.getObservations(), 2));
      ByteString damaged = states.get(1).substring(0, states.get(1).size() - 1).concat(bytes(7));
      for (List<ByteString> wrong :
          List.of(
              List.of(states.get(0), damaged),
              List.of(states.get(0), ByteString.EMPTY),
              List.of(states.get(0)))) {
        InteractResponse refused =
            into.ask(
                InteractRequest.newBuilder()
                    .setRestoreState(RestoreStateRequest.newBuilder().addAllStates(wrong)));
        assertEquals(Code.INVALID_ARGUMENT.value(), refused.getError().getCode());
      }
      InteractResponse twice =
          into.ask(
              InteractRequest.newBuilder()
                  .setRestoreState(
                      RestoreStateRequest.newBuilder()
                          .addLanes(0)
                          .addLanes(0)
                          .addAllStates(states)));
      assertError(Code.INVALID_ARGUMENT, "named twice", twice.getError());
      assertEquals(
          from.observations(from.step(1, 1).getStep().getObservations(), 2).take(new int[] {1, 0}),
          into.observations(into.step(1, 1).getStep().getObservations(), 2));
    }
  }

  @Test
  void saved_states_are_good_on_servers_with_the_same_key(@TempDir Path directory)
      throws IOException {
    Path file = Files.writeString(directory.resolve("key"), "0123456789abcdef\n");
    ServeOptions keyed = ServeOptions.DEFAULTS.withStateKey(StateKey.read(file));
    try (Served served = Served.of(keyed, Served.javaEnvironments());
        Client client = new Client(served.address());
        Served same =
            Served.of(
                ServeOptions.DEFAULTS.withStateKey(StateKey.read(file)),
                Served.javaEnvironments());
        Client sameClient = new Client(same.address());
        Served other = Served.of(ServeOptions.DEFAULTS, Served.javaEnvironments());
        Client otherClient = new Client(other.address())) {
      Client.Stream from = cartPoles(client);
      from.reset(1, 2);
      InteractRequest.Builder restore =
          InteractRequest.newBuilder()
              .setRestoreState(
                  RestoreStateRequest.newBuilder()
                      .addAllStates(
                          from.ask(
                                  InteractRequest.newBuilder()
                                      .setSaveState(SaveStateRequest.getDefaultInstance()))
                              .getSaved()
                              .getStatesList()));
      assertTrue(cartPoles(sameClient).ask(restore).hasRestored());
      assertError(
          Code.INVALID_ARGUMENT, "--state-key", cartPoles(otherClient).ask(restore).getError());
    }
    Path empty = Files.createFile(directory.resolve("empty"));
    assertThrows(GymException.class, () -> StateKey.read(empty));
  }

  private static Client.Stream cartPoles(Client client) {
    return client.attached(
        client.stub.openSession(Client.lanes(2).setEnvId("CartPole-v1").build()), 0);
  }

  @Test
  void what_an_environment_cannot_do_is_unimplemented() {
    counting(
        9,
        AutoresetMode.AUTORESET_MODE_NEXT_STEP,
        1,
        (stream, n) -> {
          stream.reset();
          InteractResponse save =
              stream.ask(
                  InteractRequest.newBuilder().setSaveState(SaveStateRequest.getDefaultInstance()));
          assertError(Code.UNIMPLEMENTED, "StatefulEnv", save.getError());
        });
  }

  @Test
  void empty_request_and_second_attach_are_errors_of_the_request() {
    counting(
        9,
        AutoresetMode.AUTORESET_MODE_NEXT_STEP,
        1,
        (stream, n) -> {
          assertError(
              Code.INVALID_ARGUMENT, "empty", stream.ask(InteractRequest.newBuilder()).getError());
          stream.send(
              InteractRequest.newBuilder()
                  .setAttach(AttachRequest.newBuilder().setToken("x"))
                  .build());
          assertError(Code.FAILED_PRECONDITION, "already", stream.receive().getError());
          assertTrue(stream.reset().hasReset());
        });
  }
}
