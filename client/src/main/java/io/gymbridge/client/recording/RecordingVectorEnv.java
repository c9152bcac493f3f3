package io.gymbridge.client.recording;

import com.google.protobuf.ByteString;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.proto.v1.OpenSessionRequest;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.StepRequest;
import io.gymbridge.transport.AutoresetCodec;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.ValueCodec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes every reset and step of a batch to a log, with checksums of what came of them; {@link
 * Replay} does them again. Calls that fail are not written. Not thread-safe.
 */
public final class RecordingVectorEnv implements VectorEnv {
  private final VectorEnv env;
  private final LogWriter log;
  private final ValueCodec actionCodec;
  private final LaneChecksums checksums;

  private RecordingVectorEnv(VectorEnv env, Path file, byte source, SessionOptions options) {
    this.env = env;
    this.actionCodec = new ValueCodec(env.spec().actionSpace());
    this.checksums = new LaneChecksums(env.spec().observationSpace(), env.numEnvs());
    OpenSessionRequest.Builder header =
        OpenSessionRequest.newBuilder()
            .setEnvId(env.spec().id())
            .setNumEnvs(env.numEnvs())
            .setAutoresetMode(AutoresetCodec.encode(env.autoresetMode()));
    if (!options.kwargs().isEmpty()) {
      header.setKwargs(ItemCodec.encode(options.kwargs(), "kwargs"));
    }
    this.log = new LogWriter(file);
    log.header(source, header.build());
  }

  /**
   * Records a batch of this process's own environments.
   *
   * @param env closed with the recording
   * @param file overwritten
   * @throws io.gymbridge.core.GymException INVALID_ARGUMENT where the file cannot be written
   */
  public static RecordingVectorEnv local(VectorEnv env, Path file) {
    return new RecordingVectorEnv(env, file, LogFormat.LOCAL, SessionOptions.DEFAULTS);
  }

  /**
   * Records a batch that a server has.
   *
   * @param env as in {@link #local}
   * @param options what it was opened with
   * @param file as there
   */
  public static RecordingVectorEnv served(VectorEnv env, SessionOptions options, Path file) {
    return new RecordingVectorEnv(env, file, LogFormat.SERVED, options);
  }

  @Override
  public int numEnvs() {
    return env.numEnvs();
  }

  @Override
  public EnvSpec spec() {
    return env.spec();
  }

  @Override
  public AutoresetMode autoresetMode() {
    return env.autoresetMode();
  }

  @Override
  public Reset reset(long @Nullable [] seeds, boolean @Nullable [] lanes, Map<String, ?> options) {
    Reset reset = env.reset(seeds, lanes, options);
    ResetRequest.Builder request = ResetRequest.newBuilder();
    if (seeds != null) {
      ByteBuffer bytes = ByteBuffer.allocate(seeds.length * 8).order(ByteOrder.LITTLE_ENDIAN);
      bytes.asLongBuffer().put(seeds);
      request.setSeeds(ByteString.copyFrom(bytes));
    }
    if (lanes != null) {
      byte[] mask = new byte[lanes.length];
      for (int lane = 0; lane < mask.length; lane++) {
        mask[lane] = (byte) (lanes[lane] ? 1 : 0);
      }
      request.setResetMask(ByteString.copyFrom(mask));
    }
    if (!options.isEmpty()) {
      request.setOptions(ItemCodec.encode(options, "options"));
    }
    log.record(LogFormat.RESET, checksums.of(reset, lanes), request.build());
    return reset;
  }

  @Override
  public Step step(Value actions) {
    Step step = env.step(actions);
    StepRequest request =
        StepRequest.newBuilder()
            .setActions(actionCodec.encode(actions, numEnvs(), "actions"))
            .build();
    log.record(LogFormat.STEP, checksums.of(step), request);
    return step;
  }

  @Override
  public List<@Nullable NdArray> render(int... lanes) {
    return env.render(lanes);
  }

  @Override
  public void close() {
    try (env;
        log) {
      // Both are closed, whatever one of them throws.
    }
  }
}
