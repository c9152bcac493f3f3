package io.gymbridge.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvBatch;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.envs.Envs;
import io.gymbridge.proto.v1.InfoMode;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.RestoreStateRequest;
import io.gymbridge.proto.v1.SaveStateRequest;
import io.gymbridge.proto.v1.StepRequest;
import io.gymbridge.transport.ValueCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Lanes that move together are answered for, byte for byte, as if they moved one by one. */
class BatchAnswersTest {
  private static final StateKey KEY = StateKey.random();
  private static final int LANES = 5;

  static Stream<Arguments> kinds() {
    return Stream.of("CartPole-v1", "Pendulum-v1", "Acrobot-v1")
        .flatMap(
            id ->
                Stream.of(AutoresetMode.values())
                    .flatMap(
                        mode ->
                            Stream.of(
                                    InfoMode.INFO_MODE_NONE,
                                    InfoMode.INFO_MODE_ALL,
                                    InfoMode.INFO_MODE_LANES)
                                .map(infos -> Arguments.of(id, mode, infos))));
  }

  private static Answers together(String id, AutoresetMode mode, InfoMode infos) {
    EnvBatch batch = Objects.requireNonNull(Envs.makeBatch(id, LANES, Map.of()));
    return new Answers(new Lanes(batch, mode, infos, 0), "", List.of(), KEY, null);
  }

  private static Answers oneByOne(String id, AutoresetMode mode, InfoMode infos) {
    List<Env> envs = new ArrayList<>();
    for (int lane = 0; lane < LANES; lane++) {
      envs.add(Envs.make(id));
    }
    return new Answers(new Lanes(envs, mode, infos, 0), "", List.of(), KEY, null);
  }

  /** Asks both the same, in order, and compares what they answer. */
  private static final class Both {
    private final Answers together;
    private final Answers oneByOne;
    private final ValueCodec actions;
    private final Space actionSpace;
    private long sequence;

    Both(String id, AutoresetMode mode, InfoMode infos) {
      together = together(id, mode, infos);
      oneByOne = oneByOne(id, mode, infos);
      actionSpace = Envs.make(id).spec().actionSpace();
      actions = new ValueCodec(actionSpace);
    }

    InteractResponse ask(InteractRequest.Builder request) {
      InteractRequest asked = request.setSequence(++sequence).setAcknowledged(sequence - 1).build();
      InteractResponse expected = answer(oneByOne, asked);
      InteractResponse got = answer(together, asked);
      assertEquals(expected.toByteString(), got.toByteString());
      return got;
    }

    private static InteractResponse answer(Answers answers, InteractRequest request) {
      return answers.answer(request, System.nanoTime()).toBuilder()
          .clearEnvironmentNanos()
          .clearQueueNanos()
          .clearServerNanos()
          .build();
    }

    InteractResponse step(Random random, Integer... lanes) {
      List<Value> chosen = new ArrayList<>();
      for (int row = 0; row < (lanes.length == 0 ? LANES : lanes.length); row++) {
        chosen.add(actionSpace.sample(random));
      }
      return ask(
          InteractRequest.newBuilder()
              .setStep(
                  StepRequest.newBuilder()
                      .setActions(actions.encode(Value.stack(chosen), chosen.size(), "actions"))
                      .addAllLanes(List.of(lanes))));
    }

    InteractResponse reset(ByteString mask, long... seeds) {
      ByteBuffer bytes = ByteBuffer.allocate(seeds.length * 8).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asLongBuffer().put(seeds);
      return ask(
          InteractRequest.newBuilder()
              .setReset(
                  ResetRequest.newBuilder()
                      .setSeeds(ByteString.copyFrom(bytes))
                      .setResetMask(mask)));
    }
  }

  private static ByteString ended(InteractResponse response) {
    byte[] mask = new byte[LANES];
    for (int lane = 0; lane < LANES; lane++) {
      mask[lane] =
          (byte)
              (response.getStep().getTerminated().byteAt(lane)
                  | response.getStep().getTruncated().byteAt(lane));
    }
    return ByteString.copyFrom(mask);
  }

  @ParameterizedTest
  @MethodSource("kinds")
  void answers_are_the_same_bytes(String id, AutoresetMode mode, InfoMode infos) {
    Both both = new Both(id, mode, infos);
    Random random = new Random(1);
    both.step(random);
    both.reset(ByteString.EMPTY, 1, 2, 3, 4, 5);
    ByteString none = ByteString.copyFrom(new byte[LANES]);
    int ends = 0;
    List<ByteString> states = List.of();
    for (int i = 0; i < 450; i++) {
      InteractResponse response = both.step(random);
      assertFalse(response.hasError());
      ByteString ended = ended(response);
      if (!ended.equals(none)) {
        ends++;
        if (mode == AutoresetMode.DISABLED) {
          assertTrue(both.step(random).hasError());
          both.reset(ended);
        }
      }
      if (i % 13 == 5 && mode != AutoresetMode.DISABLED) {
        both.step(random, 4, 1);
      }
      if (i % 97 == 0) {
        states =
            both.ask(InteractRequest.newBuilder().setSaveState(SaveStateRequest.newBuilder()))
                .getSaved()
                .getStatesList();
      }
      if (i % 97 == 30) {
        both.ask(
            InteractRequest.newBuilder()
                .setRestoreState(
                    RestoreStateRequest.newBuilder()
                        .addLanes(3)
                        .addLanes(0)
                        .addAllStates(states.subList(1, 3))));
      }
    }
    assertTrue(ends > 0 || id.equals("Acrobot-v1"));
  }

  @Test
  void wrong_actions_are_refused_with_the_same_words() {
    Both both = new Both("CartPole-v1", AutoresetMode.NEXT_STEP, InfoMode.INFO_MODE_ALL);
    both.reset(ByteString.EMPTY, 1, 2, 3, 4, 5);
    ByteBuffer wrong = ByteBuffer.allocate(LANES * 8).order(ByteOrder.LITTLE_ENDIAN);
    wrong.putLong(3 * 8, 7);
    InteractResponse refused =
        both.ask(
            InteractRequest.newBuilder()
                .setStep(
                    StepRequest.newBuilder()
                        .setActions(
                            io.gymbridge.proto.v1.Buffers.newBuilder()
                                .addBuffers(ByteString.copyFrom(wrong)))));
    assertTrue(refused.getError().getMessage().contains("lane 3"));
    both.step(new Random(1));
  }

  @Test
  void memory_of_a_response_is_written_again_only_after_its_acknowledgement() {
    Answers answers = together("CartPole-v1", AutoresetMode.NEXT_STEP, InfoMode.INFO_MODE_NONE);
    answers.answer(
        InteractRequest.newBuilder()
            .setSequence(1)
            .setReset(ResetRequest.getDefaultInstance())
            .build(),
        System.nanoTime());
    StepRequest step =
        StepRequest.newBuilder()
            .setActions(
                io.gymbridge.proto.v1.Buffers.newBuilder()
                    .addBuffers(ByteString.copyFrom(new byte[LANES * 8])))
            .build();
    InteractResponse first =
        answers.answer(
            InteractRequest.newBuilder().setSequence(2).setStep(step).build(), System.nanoTime());
    ByteString before = ByteString.copyFrom(first.toByteArray());
    InteractResponse second =
        answers.answer(
            InteractRequest.newBuilder().setSequence(3).setAcknowledged(1).setStep(step).build(),
            System.nanoTime());
    assertEquals(before, first.toByteString());
    InteractResponse third =
        answers.answer(
            InteractRequest.newBuilder().setSequence(4).setAcknowledged(2).setStep(step).build(),
            System.nanoTime());
    assertEquals(first.getStep(), third.getStep());
    assertFalse(second.getStep().equals(third.getStep()));
  }
}
