package io.gymbridge.client;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.Credentials;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * What to ask of a server of environments. Begin with {@link #DEFAULTS}; each {@code with…} method
 * gives a copy in which one thing differs. Immutable.
 */
public final class SessionOptions {
  /** NEXT_STEP, with infos, without rendering; 60 s for a step and for opening; no recovery. */
  public static final SessionOptions DEFAULTS = new SessionOptions();

  private int numEnvs;
  private AutoresetMode autoresetMode = AutoresetMode.NEXT_STEP;
  private boolean infos = true;
  private String renderMode = "";
  private Map<String, Object> kwargs = Map.of();
  private int maxShards;
  private Duration stepTimeout = Duration.ofSeconds(60);
  private Duration openTimeout = Duration.ofSeconds(60);
  private Duration lease = Duration.ZERO;
  private Duration resendInterval = Duration.ofSeconds(5);
  private Recovery recovery = Recovery.NONE;
  private int maxMessageBytes = Channels.DEFAULT_MAX_MESSAGE_BYTES;
  private Credentials credentials = Credentials.NONE;
  private Compression compression = Compression.NONE;
  private Transport transport = Transport.AUTO;

  private SessionOptions() {}

  private SessionOptions with(Consumer<SessionOptions> change) {
    SessionOptions copy = new SessionOptions();
    copy.numEnvs = numEnvs;
    copy.autoresetMode = autoresetMode;
    copy.infos = infos;
    copy.renderMode = renderMode;
    copy.kwargs = kwargs;
    copy.maxShards = maxShards;
    copy.stepTimeout = stepTimeout;
    copy.openTimeout = openTimeout;
    copy.lease = lease;
    copy.resendInterval = resendInterval;
    copy.recovery = recovery;
    copy.maxMessageBytes = maxMessageBytes;
    copy.credentials = credentials;
    copy.transport = transport;
    copy.compression = compression;
    change.accept(copy);
    return copy;
  }

  /** Number of lanes; 0, the default, for the server's default. */
  public SessionOptions withNumEnvs(int lanes) {
    checkNotNegative("numEnvs", lanes);
    return with(copy -> copy.numEnvs = lanes);
  }

  /** What happens to a lane whose episode has ended. Default: NEXT_STEP. */
  public SessionOptions withAutoresetMode(AutoresetMode mode) {
    return with(copy -> copy.autoresetMode = mode);
  }

  /** Whether the environments' infos are sent; without them a step is cheaper. Default: true. */
  public SessionOptions withInfos(boolean wanted) {
    return with(copy -> copy.infos = wanted);
  }

  /** Gymnasium's, e.g. {@code rgb_array}; empty, the default, for no rendering. */
  public SessionOptions withRenderMode(String mode) {
    return with(copy -> copy.renderMode = mode);
  }

  /** Keyword arguments of the environment, of those that the server allows. Default: none. */
  public SessionOptions withKwargs(Map<String, Object> arguments) {
    Map<String, Object> copied = Collections.unmodifiableMap(new LinkedHashMap<>(arguments));
    return with(copy -> copy.kwargs = copied);
  }

  /** Largest number of processes to spread the lanes over; 0, the default, for all there are. */
  public SessionOptions withMaxShards(int shards) {
    checkNotNegative("maxShards", shards);
    return with(copy -> copy.maxShards = shards);
  }

  /**
   * How long a reset, step or rendering may keep a process busy before the server replaces it.
   * Default: 60 s.
   */
  public SessionOptions withStepTimeout(Duration timeout) {
    return with(copy -> copy.stepTimeout = timeout);
  }

  /** How long making the environments may take, anew after a loss too. Default: 60 s. */
  public SessionOptions withOpenTimeout(Duration timeout) {
    return with(copy -> copy.openTimeout = timeout);
  }

  /**
   * How long the server keeps the environments for a client that it does not hear of; the server
   * may grant less. Zero, the default, for the server's own default.
   */
  public SessionOptions withLease(Duration duration) {
    return with(copy -> copy.lease = duration);
  }

  /**
   * How long a request stays unanswered before it is sent again, which does no harm: it is executed
   * once. Default: 5 s.
   */
  public SessionOptions withResendInterval(Duration interval) {
    return with(copy -> copy.resendInterval = interval);
  }

  /** What becomes of lanes whose process died or hung. Default: {@link Recovery#NONE}. */
  public SessionOptions withRecovery(Recovery wanted) {
    return with(copy -> copy.recovery = wanted);
  }

  /** Largest answer that is taken. Default: 256 MiB. */
  public SessionOptions withMaxMessageBytes(int bytes) {
    return with(copy -> copy.maxMessageBytes = bytes);
  }

  /** TLS and a token, where the server wants them. Default: none. */
  public SessionOptions withCredentials(Credentials wanted) {
    return with(copy -> copy.credentials = wanted);
  }

  /** What becomes of large messages on a stream. Default: {@link Compression#NONE}. */
  public SessionOptions withCompression(Compression wanted) {
    return with(copy -> copy.compression = wanted);
  }

  /** How steps travel. Default: {@link Transport#AUTO}. */
  public SessionOptions withTransport(Transport wanted) {
    return with(copy -> copy.transport = wanted);
  }

  private static void checkNotNegative(String what, int value) {
    if (value < 0) {
      throw new IllegalArgumentException(what + " cannot be negative, got " + value);
    }
  }

  public int numEnvs() {
    return numEnvs;
  }

  public AutoresetMode autoresetMode() {
    return autoresetMode;
  }

  public boolean infos() {
    return infos;
  }

  public String renderMode() {
    return renderMode;
  }

  public Map<String, Object> kwargs() {
    return kwargs;
  }

  public int maxShards() {
    return maxShards;
  }

  public Duration stepTimeout() {
    return stepTimeout;
  }

  public Duration openTimeout() {
    return openTimeout;
  }

  public Duration lease() {
    return lease;
  }

  public Duration resendInterval() {
    return resendInterval;
  }

  public Recovery recovery() {
    return recovery;
  }

  public Credentials credentials() {
    return credentials;
  }

  public Compression compression() {
    return compression;
  }

  public Transport transport() {
    return transport;
  }

  public int maxMessageBytes() {
    return maxMessageBytes;
  }
}
