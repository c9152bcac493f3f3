package io.gymbridge.client;

import com.google.protobuf.ByteString;
import io.gymbridge.client.RemoteSession.Lanes;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.RenderRequest;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.StepRequest;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.SpecCodec;
import io.gymbridge.transport.Statuses;
import io.gymbridge.transport.ValueCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A batch of environments in other processes. The lanes are spread over the server's workers, which
 * step at the same time.
 *
 * <p>A call that fails leaves the environment usable, but for three kinds of failure: a worker that
 * does not answer in time (DEADLINE_EXCEEDED) or is gone (UNAVAILABLE), and an interrupt while
 * waiting (UNAVAILABLE). After those it is closed, and further calls say why. After an environment
 * raised an error (ENVIRONMENT) all lanes want a reset.
 *
 * <p>Observations are views of the message they came in. Not thread-safe, but for {@link #close}.
 */
public final class RemoteVectorEnv implements VectorEnv {
  private final RemoteSession session;
  private final EnvSpec spec;
  private final ValueCodec actionCodec;
  private final Gather gather;
  private final AutoresetMode autoresetMode;
  private final int numEnvs;
  private final boolean[] ended;
  private @Nullable String wantsReset = "call reset before the first step";

  private RemoteVectorEnv(Address address, String envId, SessionOptions options) {
    session = new RemoteSession(address, envId, options);
    try {
      spec = SpecCodec.decode(session.opened().getSpec());
      autoresetMode = session.autoresetMode();
    } catch (RuntimeException e) {
      session.close();
      throw e;
    }
    numEnvs = session.opened().getNumEnvs();
    actionCodec = new ValueCodec(spec.actionSpace());
    gather = new Gather(new ValueCodec(spec.observationSpace()), session.shards(), numEnvs);
    ended = new boolean[numEnvs];
  }

  /** Makes environments with {@link SessionOptions#DEFAULTS}. */
  public static RemoteVectorEnv connect(String address, String envId) {
    return connect(address, envId, SessionOptions.DEFAULTS);
  }

  /**
   * Makes environments on a server.
   *
   * @param address {@code unix:PATH} or {@code HOST:PORT}
   * @param envId one of {@link RemoteEnvironments#list}; empty where there is only one
   * @throws GymException UNAVAILABLE where nobody answers; NOT_FOUND for an unknown id;
   *     INVALID_ARGUMENT and PERMISSION_DENIED for options; RESOURCE_EXHAUSTED where all sessions
   *     are in use; ENVIRONMENT with its traceback where the constructor raises
   */
  public static RemoteVectorEnv connect(String address, String envId, SessionOptions options) {
    return new RemoteVectorEnv(Address.parse(address), envId, options);
  }

  @Override
  public int numEnvs() {
    return numEnvs;
  }

  @Override
  public EnvSpec spec() {
    return spec;
  }

  @Override
  public AutoresetMode autoresetMode() {
    return autoresetMode;
  }

  /** Number of processes that the lanes are spread over. */
  public int numShards() {
    return session.shards().size();
  }

  /**
   * Nanoseconds spent inside the environments for the last call, the longest of any shard: what the
   * call took beyond is the bridge's.
   */
  public long lastEnvironmentNanos() {
    return session.environmentNanos();
  }

  @Override
  public Reset reset(long @Nullable [] seeds, boolean @Nullable [] lanes, Map<String, ?> options) {
    session.checkOpen();
    checkLength(seeds == null ? numEnvs : seeds.length, "seeds");
    checkLength(lanes == null ? numEnvs : lanes.length, "lanes of the mask");
    ResetRequest.Builder common = ResetRequest.newBuilder();
    if (!options.isEmpty()) {
      common.setOptions(ItemCodec.encode(options, "options"));
    }
    List<InteractResponse> answers =
        all(
            shard -> {
              ResetRequest.Builder reset = common.clone();
              if (seeds != null) {
                reset.setSeeds(longs(seeds, shard));
              }
              if (lanes != null) {
                reset.setResetMask(flags(lanes, shard));
              }
              return InteractRequest.newBuilder().setReset(reset);
            },
            "resetting");
    if (lanes == null) {
      wantsReset = null;
    }
    for (int lane = 0; lane < numEnvs; lane++) {
      ended[lane] &= lanes != null && !lanes[lane];
    }
    return gather.reset(answers);
  }

  @Override
  public Step step(Value actions) {
    session.checkOpen();
    checkReady();
    if (session.shards().size() > 1) {
      checkMembers(actions);
    }
    List<InteractResponse> answers =
        all(
            shard ->
                InteractRequest.newBuilder()
                    .setStep(
                        StepRequest.newBuilder()
                            .setActions(
                                actionCodec.encode(
                                    actions, numEnvs, shard.first(), shard.count(), "actions"))),
            "stepping");
    Step step = gather.step(answers);
    for (int lane = 0; lane < numEnvs; lane++) {
      ended[lane] = step.ended(lane) && autoresetMode != AutoresetMode.SAME_STEP;
    }
    return step;
  }

  /**
   * {@inheritDoc}
   *
   * @throws GymException INVALID_ARGUMENT where the render mode gives something else than one
   *     picture, see {@link #renderItems}
   */
  @Override
  public List<@Nullable NdArray> render(int... lanes) {
    List<@Nullable NdArray> frames = new ArrayList<>();
    for (Object frame : renderItems(lanes)) {
      if (frame != null && !(frame instanceof NdArray)) {
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "the render mode gives no single picture: call renderItems, or open the environment"
                + " with the render mode rgb_array");
      }
      frames.add((NdArray) frame);
    }
    return frames;
  }

  /**
   * What the lanes' render mode gives, one per lane in {@code lanes}: an {@link NdArray} for {@code
   * rgb_array}, a {@link String} for {@code ansi}, a {@link List} of these for the list modes, or
   * null.
   */
  public List<@Nullable Object> renderItems(int... lanes) {
    session.checkOpen();
    for (int lane : lanes) {
      java.util.Objects.checkIndex(lane, numEnvs);
    }
    @Nullable InteractResponse[] answers =
        session.exchange(
            shard -> {
              RenderRequest.Builder render = RenderRequest.newBuilder();
              Arrays.stream(lanes)
                  .filter(shard::has)
                  .forEach(lane -> render.addLanes(lane - shard.first()));
              return render.getLanesCount() == 0
                  ? null
                  : InteractRequest.newBuilder().setRender(render);
            },
            "rendering");
    checkErrors(answers);
    return gather.frames(answers, lanes);
  }

  @Override
  public void close() {
    session.close();
  }

  private void checkLength(int length, String what) {
    if (length != numEnvs) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "got %d %s for %d lanes".formatted(length, what, numEnvs));
    }
  }

  private void checkReady() {
    if (wantsReset != null) {
      throw new GymException(Kind.FAILED_PRECONDITION, wantsReset);
    }
    for (int lane = 0; lane < numEnvs && autoresetMode == AutoresetMode.DISABLED; lane++) {
      if (ended[lane]) {
        throw new GymException(
            Kind.FAILED_PRECONDITION,
            "the episode of lane " + lane + " has ended: reset it before the next step");
      }
    }
  }

  /** So that one shard's refusal does not come after another one's step. */
  private void checkMembers(Value actions) {
    actionCodec.check(actions, numEnvs, "actions");
    for (int lane = 0; lane < numEnvs; lane++) {
      String mismatch = ended[lane] ? null : spec.actionSpace().whyNot(actions.row(lane));
      if (mismatch != null) {
        throw new GymException(Kind.INVALID_ARGUMENT, "action of lane " + lane + ": " + mismatch);
      }
    }
  }

  /** Asks all shards; throws an error of any, once all have answered. */
  private List<InteractResponse> all(
      Function<Lanes, InteractRequest.@Nullable Builder> request, String doing) {
    @Nullable InteractResponse[] answers = session.exchange(request, doing);
    checkErrors(answers);
    return List.of(answers);
  }

  private void checkErrors(@Nullable InteractResponse[] answers) {
    GymException first = null;
    boolean someDone = false;
    for (int i = 0; i < answers.length; i++) {
      InteractResponse answer = answers[i];
      if (answer != null && answer.hasError() && first == null) {
        first = Statuses.decode(answer.getError());
      } else if (answer != null) {
        someDone |= answer.hasStep() || answer.hasReset();
      }
    }
    if (first == null) {
      return;
    }
    if (first.kind() == Kind.ENVIRONMENT || someDone) {
      wantsReset = "an environment failed in an earlier call: call reset before the next step";
    }
    throw first;
  }

  private static ByteString longs(long[] values, Lanes lanes) {
    ByteBuffer bytes = ByteBuffer.allocate(lanes.count() * 8).order(ByteOrder.LITTLE_ENDIAN);
    bytes.asLongBuffer().put(values, lanes.first(), lanes.count());
    return ByteString.copyFrom(bytes);
  }

  private static ByteString flags(boolean[] values, Lanes lanes) {
    byte[] bytes = new byte[lanes.count()];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) (values[lanes.first() + i] ? 1 : 0);
    }
    return ByteString.copyFrom(bytes);
  }
}
