package io.gymbridge.client.recording;

import io.gymbridge.client.SessionOptions;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.proto.v1.OpenSessionRequest;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.transport.AutoresetCodec;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.ValueCodec;
import java.nio.ByteOrder;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A log, to be done again. Not thread-safe. */
public final class Replay implements AutoCloseable {

  /**
   * What came of it.
   *
   * @param calls resets and steps that were done again, the one that differs included
   * @param difference where it first differs from the log, for people; null where it does not
   * @param cut the log ends in the middle of a record, as after a crash: up to there it was done
   */
  public record Result(long calls, @Nullable String difference, boolean cut) {}

  private final LogReader log;

  /**
   * Opens a log.
   *
   * @throws GymException INVALID_ARGUMENT for a file that is no log, of another version, or damaged
   */
  public Replay(Path file) {
    this.log = new LogReader(file);
  }

  /** The environments' id. */
  public String envId() {
    return log.header().getEnvId();
  }

  /** Whether a server had the environments; else they were this process's own. */
  public boolean served() {
    return log.served();
  }

  /** Number of lanes, mode and keyword arguments of the environments. */
  public SessionOptions options() {
    OpenSessionRequest header = log.header();
    return SessionOptions.DEFAULTS
        .withNumEnvs(header.getNumEnvs())
        .withAutoresetMode(AutoresetCodec.decode(header.getAutoresetMode()))
        .withKwargs(ItemCodec.decode(header.getKwargs(), "kwargs"))
        .withInfos(false);
  }

  /**
   * Does again what the log says, up to the first difference; once.
   *
   * @param env made as {@link #envId} and {@link #options} say
   * @throws GymException INVALID_ARGUMENT where the log is damaged or does not fit the environment;
   *     what the environment throws
   */
  public Result run(VectorEnv env) {
    int numEnvs = log.header().getNumEnvs();
    if (env.numEnvs() != numEnvs || env.autoresetMode() != options().autoresetMode()) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "the log is of %d lanes with %s autoreset, the environment has %d with %s"
              .formatted(numEnvs, options().autoresetMode(), env.numEnvs(), env.autoresetMode()));
    }
    ValueCodec actionCodec = new ValueCodec(env.spec().actionSpace());
    LaneChecksums checksums = new LaneChecksums(env.spec().observationSpace(), numEnvs);
    long calls = 0;
    for (LogReader.Event event = log.next(); event != null; event = log.next()) {
      calls++;
      int[] now;
      String call;
      if (event instanceof LogReader.Reset reset) {
        call = "reset";
        boolean[] lanes = lanes(reset.request(), numEnvs);
        now =
            checksums.of(
                env.reset(
                    seeds(reset.request(), numEnvs),
                    lanes,
                    ItemCodec.decode(reset.request().getOptions(), "options")),
                lanes);
      } else {
        call = "step";
        LogReader.Step step = (LogReader.Step) event;
        Value actions = actionCodec.decode(step.request().getActions(), numEnvs, "actions");
        now = checksums.of(env.step(actions));
      }
      int lane = LaneChecksums.firstDifference(event.checksums(), now);
      if (lane >= 0) {
        return new Result(
            calls,
            "call %d (%s), lane %d: what came of it has the checksum %08x, recorded was %08x"
                .formatted(calls, call, lane, now[lane], event.checksums()[lane]),
            false);
      }
    }
    return new Result(calls, null, log.cut());
  }

  private static long @Nullable [] seeds(ResetRequest reset, int numEnvs) {
    if (reset.getSeeds().isEmpty()) {
      return null;
    }
    checkSize("seeds", reset.getSeeds().size(), 8 * numEnvs);
    long[] seeds = new long[numEnvs];
    reset
        .getSeeds()
        .asReadOnlyByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN)
        .asLongBuffer()
        .get(seeds);
    return seeds;
  }

  private static boolean @Nullable [] lanes(ResetRequest reset, int numEnvs) {
    if (reset.getResetMask().isEmpty()) {
      return null;
    }
    checkSize("mask", reset.getResetMask().size(), numEnvs);
    boolean[] lanes = new boolean[numEnvs];
    for (int lane = 0; lane < numEnvs; lane++) {
      lanes[lane] = reset.getResetMask().byteAt(lane) != 0;
    }
    return lanes;
  }

  private static void checkSize(String what, int bytes, int expected) {
    if (bytes != expected) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "the log's %s has %d bytes, expected %d".formatted(what, bytes, expected));
    }
  }

  @Override
  public void close() {
    log.close();
  }
}
