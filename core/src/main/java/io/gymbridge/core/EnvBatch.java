package io.gymbridge.core;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * N environments of one kind that move together, in loops over arrays of their states: many times
 * faster than one by one. What Gymnasium calls a vector entry point; {@link BatchVectorEnv} makes a
 * {@link VectorEnv} of it.
 *
 * <p>For environments whose observations and actions are arrays, whose infos are always empty, and
 * whose last observation follows from their state. The time limit of {@link
 * EnvSpec#maxEpisodeSteps} is kept here, so that each lane does, bit for bit, what a single
 * environment with its wrappers would. Not thread-safe.
 */
public abstract class EnvBatch implements AutoCloseable {
  private final EnvSpec spec;
  private final Space actions;
  private final DType dtype;
  private final int[] rowShape;
  private final int rowBytes;
  private final CheckedEnv[] lanes;
  private final @Nullable TimeLimit[] limits;
  private final StepBuffers alone;

  /**
   * A batch whose lanes want a reset.
   *
   * @param numEnvs at least 1
   */
  protected EnvBatch(EnvSpec spec, int numEnvs) {
    if (numEnvs < 1) {
      throw new IllegalArgumentException("numEnvs must be at least 1, got " + numEnvs);
    }
    this.spec = spec;
    actions = spec.actionSpace().batch(numEnvs);
    NdArray none = spec.observationSpace().emptyBatch().array();
    dtype = none.dtype();
    rowShape = Arrays.copyOfRange(none.shape(), 1, none.shape().length);
    rowBytes = Arrays.stream(rowShape).reduce(dtype.bytes(), Math::multiplyExact);
    lanes = new CheckedEnv[numEnvs];
    limits = new TimeLimit[numEnvs];
    for (int lane = 0; lane < numEnvs; lane++) {
      Env env = new Lane(lane);
      if (spec.maxEpisodeSteps() > 0) {
        TimeLimit limit = new TimeLimit(env);
        limits[lane] = limit;
        env = limit;
      }
      lanes[lane] = new CheckedEnv(env);
    }
    alone = StepBuffers.allocate(1, rowBytes);
  }

  /** Begins a lane's episode; {@code seed} restarts its generator, null lets it go on. */
  protected abstract void begin(int lane, @Nullable Long seed, Map<String, ?> options);

  /**
   * Moves some lanes, and writes their rewards and whether they have terminated; not their
   * observations. The actions of lanes that are about to be reset may be anything, and what becomes
   * of these lanes does not matter.
   *
   * @param first lane that takes the first action, and whose results come first
   * @param count lanes from there on
   */
  protected abstract void move(int first, int count, NdArray actions, StepBuffers into);

  /** Writes a lane's present observation into little-endian bytes, from {@code at} on. */
  protected abstract void observe(int lane, ByteBuffer into, int at);

  /** As {@link Env#render}. */
  protected abstract @Nullable NdArray render(int lane);

  /** As {@link Env#attributes}, of one lane. */
  protected Attributes attributes(int lane) {
    return new Attributes();
  }

  /** As {@link StatefulEnv#saveState}, without the time limit. */
  protected abstract byte[] saveState(int lane);

  /** As {@link StatefulEnv#restoreState}, without the time limit. */
  protected abstract void restoreState(int lane, byte[] state);

  /** Of a single lane. */
  public final EnvSpec spec() {
    return spec;
  }

  /** Number of lanes. */
  public final int numEnvs() {
    return lanes.length;
  }

  /** Size of one observation. */
  public final int rowBytes() {
    return rowBytes;
  }

  /** One lane as an environment with its time limit, for all that is not done to all at once. */
  public final StatefulEnv lane(int lane) {
    return lanes[lane];
  }

  /** Whether every lane can take its action; where it cannot, its space says why not. */
  public final boolean takes(Value batch) {
    return actions.whyNot(batch) == null;
  }

  /** Whether a lane can be stepped: it was reset, and its episode has not ended. */
  public final boolean running(int lane) {
    return lanes[lane].running();
  }

  /** A lane's present observation, in memory of its own. */
  public final NdArray observation(int lane) {
    ByteBuffer row = ByteBuffer.allocate(rowBytes).order(java.nio.ByteOrder.LITTLE_ENDIAN);
    observe(lane, row, 0);
    return NdArray.wrap(dtype, row, rowShape);
  }

  /** A view of {@code rows} observations, which changes with the buffer. */
  public final NdArray observations(ByteBuffer buffer, int rows) {
    return NdArray.wrap(dtype, buffer.slice(0, rows * rowBytes), Leaves.batchShape(rows, rowShape));
  }

  /**
   * Takes one action on every lane that is running, and resets lanes as the mode says: those that
   * are not running, which DISABLED does not allow, or those that end now.
   *
   * @param batch of N actions that {@link #takes} has accepted for the running lanes
   */
  public final void step(NdArray batch, AutoresetMode mode, StepBuffers into) {
    into.begin();
    move(0, lanes.length, batch, into);
    ByteBuffer observations = into.observations();
    for (int lane = 0; lane < lanes.length; lane++) {
      if (!lanes[lane].running()) {
        next(lane);
        into.put(lane, 0, false, false);
      } else {
        TimeLimit limit = limits[lane];
        into.truncated().put(lane, (byte) (limit != null && limit.tick() ? 1 : 0));
        if (into.ended(lane)) {
          end(lane, mode, into);
        }
      }
      observe(lane, observations, lane * rowBytes);
    }
  }

  private void end(int lane, AutoresetMode mode, StepBuffers into) {
    if (mode == AutoresetMode.SAME_STEP) {
      observe(lane, into.observations(), lane * rowBytes);
      into.addFinal(lane);
      next(lane);
    } else {
      lanes[lane].run(false);
    }
  }

  private void next(int lane) {
    begin(lane, null, Map.of());
    TimeLimit limit = limits[lane];
    if (limit != null) {
      limit.begin();
    }
    lanes[lane].run(true);
  }

  /** Frees what the lanes hold. Closing twice is allowed. */
  @Override
  public void close() {}

  /** A lane without its wrappers. */
  private final class Lane implements StatefulEnv {
    private final int lane;

    Lane(int lane) {
      this.lane = lane;
    }

    @Override
    public EnvSpec spec() {
      return spec;
    }

    @Override
    public Reset reset(@Nullable Long seed, Map<String, ?> options) {
      EnvBatch.this.begin(lane, seed, options);
      return new Reset(observation(lane), Map.of());
    }

    @Override
    public Step step(Value action) {
      move(lane, 1, action.array(), alone);
      return new Step(
          observation(lane),
          alone.rewards().getDouble(0),
          alone.terminated().get(0) != 0,
          false,
          Map.of());
    }

    @Override
    public @Nullable NdArray render() {
      return EnvBatch.this.render(lane);
    }

    @Override
    public Attributes attributes() {
      return EnvBatch.this.attributes(lane);
    }

    @Override
    public byte[] saveState() {
      return EnvBatch.this.saveState(lane);
    }

    @Override
    public void restoreState(byte[] state) {
      EnvBatch.this.restoreState(lane, state);
    }

    @Override
    public void close() {}
  }
}
