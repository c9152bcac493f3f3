package io.gymbridge.core;

import io.gymbridge.core.GymException.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * An {@link EnvBatch} as a vector environment: what {@link SyncVectorEnv} gives of its lanes, bit
 * for bit, in a fraction of the time.
 */
public final class BatchVectorEnv implements VectorEnv {
  private final EnvBatch batch;
  private final AutoresetMode autoresetMode;
  private final SyncVectorEnv lanes;
  private final boolean[] none;
  private final @Nullable Arrays kept;
  private boolean everReset;

  /** A step's arrays, in both of their forms. */
  private static final class Arrays {
    private final StepBuffers buffers;
    private final NdArray observations;
    private final double[] rewards;
    private final boolean[] terminated;
    private final boolean[] truncated;

    Arrays(EnvBatch batch) {
      int n = batch.numEnvs();
      buffers = StepBuffers.allocate(n, batch.rowBytes());
      observations = batch.observations(buffers.observations(), n);
      rewards = new double[n];
      terminated = new boolean[n];
      truncated = new boolean[n];
    }

    private void read() {
      buffers.rewards().asDoubleBuffer().get(rewards);
      for (int lane = 0; lane < rewards.length; lane++) {
        terminated[lane] = buffers.terminated().get(lane) != 0;
        truncated[lane] = buffers.truncated().get(lane) != 0;
      }
    }
  }

  /** Takes a batch over; what is returned is the caller's to keep. */
  public BatchVectorEnv(EnvBatch batch, AutoresetMode autoresetMode) {
    this(batch, autoresetMode, true);
  }

  /**
   * Takes a batch over.
   *
   * @param copy false to have {@link #step} return the same arrays every time, which are valid
   *     until the next step only: no memory is taken for them. Gymnasium's argument of that name
   */
  public BatchVectorEnv(EnvBatch batch, AutoresetMode autoresetMode, boolean copy) {
    this.batch = batch;
    this.autoresetMode = autoresetMode;
    List<Env> singles = new ArrayList<>();
    for (int lane = 0; lane < batch.numEnvs(); lane++) {
      singles.add(batch.lane(lane));
    }
    lanes = new SyncVectorEnv(singles, autoresetMode);
    none = new boolean[batch.numEnvs()];
    kept = copy ? null : new Arrays(batch);
  }

  @Override
  public int numEnvs() {
    return batch.numEnvs();
  }

  @Override
  public EnvSpec spec() {
    return batch.spec();
  }

  @Override
  public AutoresetMode autoresetMode() {
    return autoresetMode;
  }

  @Override
  public Reset reset(long @Nullable [] seeds, boolean @Nullable [] mask, Map<String, ?> options) {
    Reset reset = lanes.reset(seeds, mask, options);
    everReset = true;
    List<Value> rows = new ArrayList<>();
    for (int lane = 0; lane < numEnvs(); lane++) {
      rows.add(batch.observation(lane));
    }
    return reset.withObservations(Value.stack(rows));
  }

  @Override
  public Step step(Value actions) {
    check(actions);
    Arrays into = kept == null ? new Arrays(batch) : kept;
    batch.step(actions.array(), autoresetMode, into.buffers);
    into.read();
    int finals = into.buffers.finals();
    return new Step(
        into.observations,
        into.rewards,
        into.terminated,
        into.truncated,
        Map.of(),
        finals == 0 ? null : batch.observations(into.buffers.finalObservations(), finals),
        Map.of(),
        none);
  }

  /** What is wrong stops the step before any lane has moved. */
  private void check(Value actions) {
    if (!everReset) {
      throw new GymException(Kind.FAILED_PRECONDITION, "call reset before the first step");
    }
    boolean taken = batch.takes(actions);
    if (taken && autoresetMode != AutoresetMode.DISABLED) {
      return;
    }
    if (!taken && actions.batchSize() != numEnvs()) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "got actions for %d environments, there are %d"
              .formatted(actions.batchSize(), numEnvs()));
    }
    for (int lane = 0; lane < numEnvs(); lane++) {
      if (batch.running(lane)) {
        String mismatch = taken ? null : spec().actionSpace().whyNot(actions.row(lane));
        if (mismatch != null) {
          throw new GymException(Kind.INVALID_ARGUMENT, "action of lane " + lane + ": " + mismatch);
        }
      } else if (autoresetMode == AutoresetMode.DISABLED) {
        throw new GymException(
            Kind.FAILED_PRECONDITION,
            "the episode of lane " + lane + " has ended: reset it before the next step");
      }
    }
  }

  @Override
  public List<@Nullable NdArray> render(int... chosen) {
    return lanes.render(chosen);
  }

  @Override
  public void close() {
    batch.close();
  }
}
