package io.gymbridge.client;

import com.google.protobuf.ByteString;
import io.gymbridge.client.RemoteSession.Lanes;
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
import org.jspecify.annotations.Nullable;

/** Joins the shards' answers in the order of lanes. A single shard's arrays are not copied. */
final class Gather {
  private final ValueCodec codec;
  private final List<Lanes> shards;
  private final int[] counts;
  private final int numEnvs;

  Gather(ValueCodec codec, List<Lanes> shards, int numEnvs) {
    this.codec = codec;
    this.shards = shards;
    this.counts = shards.stream().mapToInt(Lanes::count).toArray();
    this.numEnvs = numEnvs;
  }

  Reset reset(List<InteractResponse> answers) {
    return new Reset(
        observations(answers, answer -> answer.getReset().getObservations()),
        infos(answers, answer -> answer.getReset().getInfos()));
  }

  Step step(List<InteractResponse> answers) {
    double[] rewards = new double[numEnvs];
    boolean[] terminated = new boolean[numEnvs];
    boolean[] truncated = new boolean[numEnvs];
    List<Value> finals = new ArrayList<>();
    for (int i = 0; i < counts.length; i++) {
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
        observations(answers, answer -> answer.getStep().getObservations()),
        rewards,
        terminated,
        truncated,
        infos(answers, answer -> answer.getStep().getInfos()),
        finals.isEmpty() ? null : Value.concatenate(finals),
        infos(answers, answer -> answer.getStep().getFinalInfos()));
  }

  /** Frames in the order in which they were asked for. */
  List<@Nullable Object> frames(@Nullable InteractResponse[] answers, int[] lanes) {
    int[] next = new int[answers.length];
    List<@Nullable Object> frames = new ArrayList<>();
    for (int lane : lanes) {
      int shard = 0;
      while (!shards.get(shard).has(lane)) {
        shard++;
      }
      InteractResponse answer = answers[shard];
      if (answer == null || answer.getRendered().getFramesCount() <= next[shard]) {
        throw new GymException(Kind.INTERNAL, "no frame came back for lane " + lane);
      }
      frames.add(ItemCodec.decode(answer.getRendered().getFrames(next[shard]++), "frame"));
    }
    return frames;
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

  private Value observations(
      List<InteractResponse> answers, Function<InteractResponse, Buffers> part) {
    if (counts.length == 1) {
      return codec.decode(part.apply(answers.get(0)), numEnvs, "observations");
    }
    List<Value> batches = new ArrayList<>();
    for (int i = 0; i < counts.length; i++) {
      batches.add(codec.decode(part.apply(answers.get(i)), counts[i], "observations"));
    }
    return Value.concatenate(batches);
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
