package io.gymbridge.client;

import com.google.protobuf.ByteString;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv.Reset;
import io.gymbridge.core.VectorEnv.Step;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.ItemMap;
import io.gymbridge.proto.v1.StepResponse;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.ValueCodec;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Joins the shards' answers in the order of lanes. A single shard's arrays are not copied. */
final class Gather {
  private final ValueCodec codec;
  private final List<Lanes> shards;
  private final int[] counts;
  private final int numEnvs;
  private final @Nullable Arena arena;

  /** Joins into memory of its own each time. */
  Gather(ValueCodec codec, List<Lanes> shards, int numEnvs) {
    this(codec, shards, numEnvs, true);
  }

  /**
   * Joins shards.
   *
   * @param copy whether a step's observations are to outlive the next one
   */
  Gather(ValueCodec codec, List<Lanes> shards, int numEnvs, boolean copy) {
    this.arena = copy ? null : new Arena();
    this.codec = codec;
    this.shards = shards;
    this.counts = shards.stream().mapToInt(Lanes::count).toArray();
    this.numEnvs = numEnvs;
  }

  Reset reset(List<InteractResponse> answers) {
    return new Reset(observations(answers), infos(answers, Gather::infos));
  }

  /**
   * Joins steps. A shard that was lost has an answer to a reset among them: its lanes have no
   * reward, and no end.
   *
   * @param lost of all lanes
   */
  Step step(List<InteractResponse> answers, boolean[] lost) {
    double[] rewards = new double[numEnvs];
    boolean[] terminated = new boolean[numEnvs];
    boolean[] truncated = new boolean[numEnvs];
    List<Value> finals = new ArrayList<>();
    for (int i = 0; i < counts.length; i++) {
      if (!answers.get(i).hasStep()) {
        continue;
      }
      StepResponse step = answers.get(i).getStep();
      int first = shards.get(i).first();
      checkSize(step.getRewards(), counts[i] * 8, "rewards");
      step.getRewards()
          .asReadOnlyByteBuffer()
          .order(ByteOrder.LITTLE_ENDIAN)
          .asDoubleBuffer()
          .get(rewards, first, counts[i]);
      int endings = flags(step, terminated, truncated, first, counts[i]);
      if (step.hasFinalObservations()) {
        finals.add(codec.decode(step.getFinalObservations(), endings, "final observations"));
      }
    }
    return new Step(
        observations(answers, arena),
        rewards,
        terminated,
        truncated,
        infos(answers, Gather::infos),
        finals.isEmpty() ? null : Value.concatenate(finals),
        infos(answers, answer -> answer.getStep().getFinalInfos()),
        lost);
  }

  /** Frames in the order in which they were asked for. */
  List<@Nullable Object> frames(@Nullable InteractResponse[] answers, int[] lanes) {
    return each(answers, lanes, answer -> answer.getRendered().getFramesList()).stream()
        .map(frame -> ItemCodec.decode(frame, "frame"))
        .collect(Collectors.toList());
  }

  /** What calls returned, in the order in which lanes were asked. */
  List<@Nullable Object> results(@Nullable InteractResponse[] answers, int[] lanes) {
    return each(answers, lanes, answer -> answer.getCalled().getResultsList()).stream()
        .map(result -> ItemCodec.decode(result, "result"))
        .collect(Collectors.toList());
  }

  /** States in the order in which they were asked for. */
  byte[][] states(@Nullable InteractResponse[] answers, int[] lanes) {
    return each(answers, lanes, answer -> answer.getSaved().getStatesList()).stream()
        .map(ByteString::toByteArray)
        .toArray(byte[][]::new);
  }

  /** What each lane's shard answered for it, in the order of {@code lanes}. */
  private <T> List<T> each(
      @Nullable InteractResponse[] answers, int[] lanes, Function<InteractResponse, List<T>> part) {
    int[] next = new int[answers.length];
    List<T> all = new ArrayList<>();
    for (int lane : lanes) {
      int shard = 0;
      while (!shards.get(shard).has(lane)) {
        shard++;
      }
      InteractResponse answer = answers[shard];
      if (answer == null || part.apply(answer).size() <= next[shard]) {
        throw new GymException(Kind.INTERNAL, "nothing came back for lane " + lane);
      }
      all.add(part.apply(answer).get(next[shard]++));
    }
    return all;
  }

  private static int flags(
      StepResponse step, boolean[] terminated, boolean[] truncated, int first, int count) {
    checkSize(step.getTerminated(), count, "terminated");
    checkSize(step.getTruncated(), count, "truncated");
    int endings = 0;
    for (int i = 0; i < count; i++) {
      terminated[first + i] = step.getTerminated().byteAt(i) != 0;
      truncated[first + i] = step.getTruncated().byteAt(i) != 0;
      endings += terminated[first + i] || truncated[first + i] ? 1 : 0;
    }
    return endings;
  }

  /** The observations of resets and restored lanes. */
  Value observations(List<InteractResponse> answers) {
    return observations(answers, null);
  }

  private Value observations(List<InteractResponse> answers, @Nullable Arena into) {
    if (counts.length == 1) {
      return codec.decode(observations(answers.get(0)), numEnvs, "observations");
    }
    List<Value> batches = new ArrayList<>();
    for (int i = 0; i < counts.length; i++) {
      batches.add(codec.decode(observations(answers.get(i)), counts[i], "observations"));
    }
    if (into == null) {
      return Value.concatenate(batches);
    }
    into.clear();
    return Value.concatenate(batches, into::take);
  }

  private static Buffers observations(InteractResponse answer) {
    return switch (answer.getResponseCase()) {
      case STEP -> answer.getStep().getObservations();
      case RESET -> answer.getReset().getObservations();
      case RESTORED -> answer.getRestored().getObservations();
      default ->
          throw new GymException(
              Kind.INTERNAL,
              "the server answered with %s, expected observations"
                  .formatted(answer.getResponseCase()));
    };
  }

  private static ItemMap infos(InteractResponse answer) {
    return answer.hasStep() ? answer.getStep().getInfos() : answer.getReset().getInfos();
  }

  private Map<String, Object> infos(
      List<InteractResponse> answers, Function<InteractResponse, ItemMap> part) {
    List<Map<String, Object>> maps = new ArrayList<>();
    for (InteractResponse answer : answers) {
      maps.add(ItemCodec.decode(part.apply(answer), "infos"));
    }
    return VectorInfos.join(maps, counts);
  }

  private static void checkSize(ByteString bytes, int expected, String what) {
    if (bytes.size() != expected) {
      throw new GymException(
          Kind.INTERNAL,
          "%s: got %d bytes from the server, expected %d".formatted(what, bytes.size(), expected));
    }
  }
}
