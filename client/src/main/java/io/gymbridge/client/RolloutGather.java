package io.gymbridge.client;

import com.google.protobuf.ByteString;
import io.gymbridge.core.DType;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Rollout;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.ResetResponse;
import io.gymbridge.proto.v1.RolloutResponse;
import io.gymbridge.transport.ValueCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Puts the blocks of a rollout's shards into their places among steps and lanes. */
final class RolloutGather {
  /** Of one array. */
  private static final int MAX_BYTES = Integer.MAX_VALUE - 8;

  /** Mean and log_std. */
  private static final int MAX_DISTRIBUTION_PARTS = 2;

  private final List<Lanes> shards;
  private final int numEnvs;
  private final int steps;
  private final RolloutOptions options;
  private final ValueCodec observationCodec;
  private final ValueCodec actionCodec;
  private final int width;
  private final int[] done;
  private final Column observations;
  private final Column actions;
  private final double[] rewards;
  private final boolean[] terminated;
  private final boolean[] truncated;
  private final boolean[] resets;
  private final boolean[] lost;
  private final double[] logProbabilities;
  private final long[] policyVersions;
  private final @Nullable NdArray[] finals;
  private @Nullable Column samples;
  private final List<Column> distribution = new ArrayList<>();

  RolloutGather(EnvSpec spec, List<Lanes> shards, int numEnvs, int steps, RolloutOptions options) {
    this.shards = shards;
    this.numEnvs = numEnvs;
    this.steps = steps;
    this.options = options;
    this.observationCodec = new ValueCodec(spec.observationSpace());
    this.actionCodec = new ValueCodec(spec.actionSpace());
    this.width = spec.actionSpace().flatSize();
    this.done = new int[shards.size()];
    NdArray observation = spec.observationSpace().emptyBatch().array();
    NdArray action = spec.actionSpace().emptyBatch().array();
    checkSize(observation, "observations");
    checkSize(action, "actions");
    checkSize(Double.BYTES, "rewards");
    if (options.withDistribution() && !options.deterministic()) {
      checkSize((long) width * Float.BYTES, "distributions");
    }
    this.observations = column(observation, steps + 1);
    this.actions = column(action, steps);
    int size = steps * numEnvs;
    this.rewards = new double[size];
    this.terminated = new boolean[size];
    this.truncated = new boolean[size];
    this.resets = new boolean[size];
    this.lost = new boolean[size];
    this.logProbabilities = new double[options.deterministic() ? 0 : size];
    this.policyVersions = new long[size];
    this.finals = new NdArray[size];
  }

  /** An array (rows, lanes, …) that is filled part by part. */
  private static final class Column {
    private final DType dtype;
    private final int[] shape;
    private final int laneBytes;
    private final byte[] data;

    Column(DType dtype, int rows, int lanes, int... laneShape) {
      this.dtype = dtype;
      this.shape = new int[laneShape.length + 2];
      shape[0] = rows;
      shape[1] = lanes;
      System.arraycopy(laneShape, 0, shape, 2, laneShape.length);
      this.laneBytes = (int) bytes(dtype, laneShape);
      this.data = new byte[rows * lanes * laneBytes];
    }

    /** Puts some lanes' part of {@code count} rows into its places. */
    void put(ByteBuffer part, int first, int count, Lanes lanes) {
      int length = lanes.count() * laneBytes;
      for (int row = 0; row < count; row++) {
        part.get(data, ((first + row) * shape[1] + lanes.first()) * laneBytes, length);
      }
    }

    NdArray array() {
      return NdArray.wrap(dtype, ByteBuffer.wrap(data), shape);
    }
  }

  private Column column(NdArray none, int rows) {
    return new Column(none.dtype(), rows, numEnvs, memberShape(none));
  }

  private static int[] memberShape(NdArray batch) {
    return Arrays.copyOfRange(batch.shape(), 1, batch.shape().length);
  }

  /** At least {@link #MAX_BYTES} + 1 where they are more than that. */
  private static long bytes(DType dtype, int... shape) {
    long bytes = dtype.bytes();
    for (int dimension : shape) {
      bytes = Math.min(bytes, MAX_BYTES + 1L) * dimension;
    }
    return bytes;
  }

  private void checkSize(NdArray none, String what) {
    checkSize(bytes(none.dtype(), memberShape(none)), what);
  }

  private void checkSize(long laneBytes, String what) {
    // One row more than there are steps.
    long most = laneBytes == 0 ? MAX_BYTES : Math.max(0, MAX_BYTES / laneBytes / numEnvs - 1);
    if (steps > most) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          ("got %d steps of %d lanes, expected at most %d: an array of their %s would be larger"
                  + " than 2 GiB. Roll out fewer steps at a time")
              .formatted(steps, numEnvs, most, what));
    }
  }

  /** Steps of a shard that are here. */
  int done(int shard) {
    return done[shard];
  }

  boolean isComplete() {
    return Arrays.stream(done).allMatch(count -> count == steps);
  }

  /** The next steps of a shard. */
  void add(int shard, RolloutResponse block) {
    Lanes lanes = shards.get(shard);
    int first = done[shard];
    int count = block.getSteps();
    if (count < 1 || count > steps - first) {
      throw new GymException(
          Kind.INTERNAL,
          "got %d steps from the server, expected 1 to %d".formatted(count, steps - first));
    }
    int size = count * lanes.count();
    observations.put(
        decode(observationCodec, block.getObservations(), size + lanes.count(), "observations"),
        first,
        count + 1,
        lanes);
    actions.put(decode(actionCodec, block.getActions(), size, "actions"), first, count, lanes);
    ByteBuffer rewardBytes = bytes(block.getRewards(), 8L * size, "rewards");
    flags(block.getTerminated(), terminated, first, count, lanes, "terminated");
    flags(block.getTruncated(), truncated, first, count, lanes, "truncated");
    flags(block.getResets(), resets, first, count, lanes, "resets");
    for (int row = 0; row < count; row++) {
      int at = at(first + row, lanes);
      Arrays.fill(policyVersions, at, at + lanes.count(), block.getPolicyVersion());
      for (int lane = 0; lane < lanes.count(); lane++) {
        rewards[at + lane] = rewardBytes.getDouble();
      }
    }
    if (!options.deterministic()) {
      addDraws(block, first, count, lanes);
    }
    if (block.hasFinalObservations()) {
      addFinals(block.getFinalObservations(), first, count, lanes);
    }
    done[shard] += count;
  }

  private void addDraws(RolloutResponse block, int first, int count, Lanes lanes) {
    int size = count * lanes.count();
    ByteBuffer probabilities = bytes(block.getLogProbabilities(), 8L * size, "log_probabilities");
    for (int row = 0; row < count; row++) {
      int at = at(first + row, lanes);
      for (int lane = 0; lane < lanes.count(); lane++) {
        logProbabilities[at + lane] = probabilities.getDouble();
      }
    }
    if (!block.getSamples().isEmpty()) {
      samples = samples == null ? floats() : samples;
      samples.put(bytes(block.getSamples(), 4L * size * width, "samples"), first, count, lanes);
    }
    int parts = options.withDistribution() ? MAX_DISTRIBUTION_PARTS : 0;
    if (block.getDistributionCount() > parts) {
      throw new GymException(
          Kind.INTERNAL,
          "distribution: got %d parts from the server, expected up to %d"
              .formatted(block.getDistributionCount(), parts));
    }
    for (int part = 0; part < block.getDistributionCount(); part++) {
      if (distribution.size() == part) {
        distribution.add(floats());
      }
      distribution
          .get(part)
          .put(
              bytes(block.getDistribution(part), 4L * size * width, "distribution"),
              first,
              count,
              lanes);
    }
  }

  private Column floats() {
    checkSize((long) width * Float.BYTES, "samples");
    return new Column(DType.FLOAT32, steps, numEnvs, width);
  }

  private void addFinals(Buffers buffers, int first, int count, Lanes lanes) {
    int ends = 0;
    for (int row = 0; row < count; row++) {
      for (int at = at(first + row, lanes); at < at(first + row, lanes) + lanes.count(); at++) {
        ends += terminated[at] || truncated[at] ? 1 : 0;
      }
    }
    NdArray all = observationCodec.decode(buffers, ends, "final observations").array();
    int next = 0;
    for (int row = 0; row < count; row++) {
      for (int at = at(first + row, lanes); at < at(first + row, lanes) + lanes.count(); at++) {
        if (terminated[at] || truncated[at]) {
          finals[at] = all.row(next++).array();
        }
      }
    }
  }

  /** One step in which a shard was lost, and the first observations of its new lanes. */
  void addLoss(int shard, ResetResponse reset) {
    Lanes lanes = shards.get(shard);
    int at = at(done[shard], lanes);
    Arrays.fill(lost, at, at + lanes.count(), true);
    done[shard]++;
    observations.put(
        decode(observationCodec, reset.getObservations(), lanes.count(), "observations"),
        done[shard],
        1,
        lanes);
  }

  /** Observations of a shard's lanes after the last step. */
  ByteString lastObservations(int shard) {
    Lanes lanes = shards.get(shard);
    return ByteString.copyFrom(
        observations.data,
        (steps * numEnvs + lanes.first()) * observations.laneBytes,
        lanes.count() * observations.laneBytes);
  }

  /** Whether a lane's episode ended with the last step. */
  boolean endedLast(int lane) {
    int at = (steps - 1) * numEnvs + lane;
    return terminated[at] || truncated[at];
  }

  Rollout join(Rollout.Draws draws) {
    List<NdArray> ended = Arrays.stream(finals).filter(Objects::nonNull).toList();
    return new Rollout(
        observations.array(),
        actions.array(),
        rewards,
        terminated,
        truncated,
        resets,
        lost,
        ended.isEmpty() ? null : Value.stack(List.<Value>copyOf(ended)).array(),
        logProbabilities,
        samples == null ? null : samples.array(),
        distribution.stream().map(Column::array).toList(),
        policyVersions,
        draws);
  }

  private int at(int step, Lanes lanes) {
    return step * numEnvs + lanes.first();
  }

  private void flags(
      ByteString flags, boolean[] into, int first, int count, Lanes lanes, String what) {
    ByteBuffer bytes = bytes(flags, (long) count * lanes.count(), what);
    for (int row = 0; row < count; row++) {
      int at = at(first + row, lanes);
      for (int lane = 0; lane < lanes.count(); lane++) {
        into[at + lane] = bytes.get() != 0;
      }
    }
  }

  private static ByteBuffer decode(ValueCodec codec, Buffers buffers, int n, String what) {
    return codec.decode(buffers, n, what).array().data().duplicate();
  }

  private static ByteBuffer bytes(ByteString bytes, long expected, String what) {
    if (bytes.size() != expected) {
      throw new GymException(
          Kind.INTERNAL,
          "%s: got %d bytes from the server, expected %d".formatted(what, bytes.size(), expected));
    }
    return bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
  }
}
