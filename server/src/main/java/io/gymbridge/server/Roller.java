package io.gymbridge.server;

import com.google.protobuf.ByteString;
import io.gymbridge.core.DType;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.StepBuffers;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.PutPolicyRequest;
import io.gymbridge.proto.v1.PutPolicyResponse;
import io.gymbridge.proto.v1.RolloutRequest;
import io.gymbridge.proto.v1.RolloutResponse;
import io.gymbridge.server.rollout.Acting;
import io.gymbridge.server.rollout.Block;
import io.gymbridge.server.rollout.Draws;
import io.gymbridge.transport.ValueCodec;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** The policy of a shard, and the blocks of steps that its lanes make with it. */
final class Roller implements AutoCloseable {
  /**
   * A block is one request, which others wait for: heartbeats, the next policy, the end of the
   * session.
   */
  private static final long BLOCK_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Of the step timeout, so that a step that takes long does not exceed it. */
  private static final int PARTS_OF_TIMEOUT = 4;

  private static final int BLOCK_BYTES = 32 << 20;
  private static final int FIRST_STEP_BITS = 48;

  /** Of a lane's step: reward, ends, reset, and the logarithm of a probability. */
  private static final int FIXED_BYTES = 19;

  /** Of a number of a distribution: sample, mean and log_std. */
  private static final int DRAWN_BYTES = 12;

  private final Lanes lanes;
  private final EnvSpec spec;
  private final int maxBytes;
  private final long nanos;
  private final ValueCodec observationCodec;
  private final ValueCodec actionCodec;
  private final StepBuffers buffers;
  private @Nullable Acting acting;

  /**
   * A roller without a policy.
   *
   * @param stepTimeoutNanos how long a request may take
   */
  Roller(Lanes lanes, int maxMessageBytes, long stepTimeoutNanos) {
    this.lanes = lanes;
    spec = lanes.spec();
    maxBytes = Math.min(maxMessageBytes / 2, BLOCK_BYTES);
    nanos = Math.min(BLOCK_NANOS, stepTimeoutNanos / PARTS_OF_TIMEOUT);
    observationCodec = new ValueCodec(spec.observationSpace());
    actionCodec = new ValueCodec(spec.actionSpace());
    buffers = StepBuffers.allocate(lanes.numEnvs(), lanes.rowBytes());
  }

  /** Takes a policy; INVALID_ARGUMENT for one that fails a check, and the one before stays. */
  PutPolicyResponse put(PutPolicyRequest request) {
    Acting before = acting;
    long version = request.getVersion();
    if (Long.compareUnsigned(version, before == null ? 0 : before.version()) <= 0) {
      throw invalid(
          "version: got %s, expected %s"
              .formatted(
                  Long.toUnsignedString(version),
                  before == null
                      ? "1 or more"
                      : "above %s, the version of the policy that is here"
                          .formatted(Long.toUnsignedString(before.version()))));
    }
    if (!Acting.suits(spec, lanes.autoresetMode())) {
      throw invalid(
          "rollouts need plain arrays for observations and actions, and a session that resets"
              + " lanes by itself");
    }
    Acting taken = Acting.read(version, request.getBundle().toByteArray(), spec, lanes.numEnvs());
    close();
    acting = taken;
    return PutPolicyResponse.newBuilder().setEngine(taken.engine()).build();
  }

  /** Makes up to the steps that are wanted, at least one. */
  RolloutResponse rollOut(RolloutRequest request) {
    Acting present = checked(request);
    int wanted = (int) Math.min(Integer.toUnsignedLong(request.getSteps()), Integer.MAX_VALUE);
    int capacity = (int) Math.min(wanted, Math.max(1, maxBytes / bytesPerStep()));
    Value first = lanes.present();
    Block block =
        request.getDeterministic()
            ? present.deterministic(capacity)
            : present.drawn(
                capacity,
                new Draws(
                    request.getSeed(), request.getFirstStep(), lanes.firstLane(), lanes.numEnvs()),
                request.getWithDistribution());
    Rows rows = new Rows(capacity, first.array());
    long spent = 0;
    int steps = 0;
    long begun = System.nanoTime();
    while (steps < capacity && (steps == 0 || System.nanoTime() - begun < nanos)) {
      rows.begin(steps);
      try {
        lanes.step(block.act(steps, rows.observations(steps)), buffers);
      } catch (GymException e) {
        // No lane has moved: the next block's first step will say so.
        if (steps > 0 && e.kind() == Kind.INVALID_ARGUMENT && lanes.allReady()) {
          break;
        }
        throw e;
      }
      spent += lanes.nanos();
      rows.put(steps);
      steps++;
    }
    lanes.setNanos(spent);
    RolloutResponse.Builder response =
        RolloutResponse.newBuilder().setSteps(steps).setPolicyVersion(present.version());
    rows.fill(response, steps);
    block.fill(response, steps);
    return response.build();
  }

  private Acting checked(RolloutRequest request) {
    if (request.getSteps() == 0 || request.getFirstStep() >>> FIRST_STEP_BITS != 0) {
      throw invalid(
          "got steps %s, first_step %s, expected 1 or more, and less than %d"
              .formatted(
                  Integer.toUnsignedString(request.getSteps()),
                  Long.toUnsignedString(request.getFirstStep()),
                  1L << FIRST_STEP_BITS));
    }
    Acting present = acting;
    if (present == null) {
      throw new GymException(Kind.FAILED_PRECONDITION, "there is no policy to act: put one first");
    }
    if (Long.compareUnsigned(present.version(), request.getOldestVersion()) < 0) {
      throw new GymException(
          Kind.FAILED_PRECONDITION,
          "the policy is version %s, older than %s: put a newer one"
              .formatted(
                  Long.toUnsignedString(present.version()),
                  Long.toUnsignedString(request.getOldestVersion())));
    }
    if (!present.draws() && !request.getDeterministic()) {
      throw invalid(
          "the policy gives no distribution to draw from: ask for a deterministic rollout");
    }
    return present;
  }

  private long bytesPerStep() {
    long drawn = (long) DRAWN_BYTES * spec.actionSpace().flatSize();
    return lanes.numEnvs()
        * (observationCodec.rowBytes() + actionCodec.rowBytes() + FIXED_BYTES + drawn);
  }

  private static GymException invalid(String message) {
    return new GymException(Kind.INVALID_ARGUMENT, message);
  }

  /** Frees the policy. */
  @Override
  public void close() {
    if (acting != null) {
      acting.close();
      acting = null;
    }
  }

  /** What a block's steps lead to, but for the actions. Its memory becomes the response's. */
  private final class Rows {
    private final int capacity;
    private final int n = lanes.numEnvs();
    private final DType dtype;
    private final int[] shape;
    private final int observationBytes;
    private final ByteBuffer observations;
    private final ByteBuffer rewards;
    private final ByteBuffer terminated;
    private final ByteBuffer truncated;
    private final ByteBuffer resets;
    private ByteString finals = ByteString.EMPTY;

    /**
     * Memory for a block.
     *
     * @param first what the lanes show before it
     */
    Rows(int capacity, NdArray first) {
      this.capacity = capacity;
      dtype = first.dtype();
      shape = first.shape();
      observationBytes = Math.multiplyExact(first.size(), dtype.bytes());
      observations = Block.memory(capacity + 1, observationBytes);
      rewards = Block.memory(capacity, n * Double.BYTES);
      terminated = Block.memory(capacity, n);
      truncated = Block.memory(capacity, n);
      resets = Block.memory(capacity, n);
      observations.put(0, first.data(), 0, observationBytes);
    }

    /** What the lanes show before a step. */
    NdArray observations(int step) {
      return NdArray.wrap(
          dtype, observations.slice(step * observationBytes, observationBytes), shape);
    }

    /** Marks the lanes that the step will only reset. */
    void begin(int step) {
      for (int lane = 0; lane < n; lane++) {
        resets.put(step * n + lane, (byte) (lanes.ended(lane) ? 1 : 0));
      }
    }

    /** Keeps what the step has led to. */
    void put(int step) {
      rewards.put(step * n * Double.BYTES, buffers.rewards(), 0, n * Double.BYTES);
      terminated.put(step * n, buffers.terminated(), 0, n);
      truncated.put(step * n, buffers.truncated(), 0, n);
      int next = (step + 1) * observationBytes;
      if (lanes.rowBytes() > 0) {
        observations.put(next, buffers.observations(), 0, observationBytes);
        addFinals(buffers.finalObservations().slice(0, buffers.finals() * lanes.rowBytes()));
        return;
      }
      observations.put(next, bytes(lanes.observations(), n), 0, observationBytes);
      List<Value> ended = lanes.finalObservations();
      if (!ended.isEmpty()) {
        addFinals(bytes(Value.stack(ended), ended.size()));
      }
    }

    private ByteBuffer bytes(Value batch, int count) {
      try {
        observationCodec.check(batch, count, "observations");
      } catch (GymException e) {
        throw lanes.broken(new IllegalStateException("the environments' " + e.getMessage()), 0);
      }
      return batch.array().data();
    }

    private void addFinals(ByteBuffer bytes) {
      if (bytes.hasRemaining()) {
        finals = finals.concat(ByteString.copyFrom(bytes));
      }
    }

    void fill(RolloutResponse.Builder response, int steps) {
      response
          .setObservations(buffers(Block.rows(observations, capacity + 1, steps + 1)))
          .setRewards(Block.rows(rewards, capacity, steps))
          .setTerminated(Block.rows(terminated, capacity, steps))
          .setTruncated(Block.rows(truncated, capacity, steps))
          .setResets(Block.rows(resets, capacity, steps));
      if (!finals.isEmpty()) {
        response.setFinalObservations(buffers(finals));
      }
    }

    private Buffers buffers(ByteString bytes) {
      return Buffers.newBuilder().addBuffers(bytes).build();
    }
  }
}
