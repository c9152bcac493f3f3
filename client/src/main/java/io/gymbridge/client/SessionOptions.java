package io.gymbridge.client;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.Credentials;
import java.time.Duration;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What to ask of a server of environments. Begin with {@link #DEFAULTS} and change what differs.
 *
 * @param numEnvs number of lanes; 0 for the server's default
 * @param autoresetMode what happens to a lane whose episode has ended
 * @param infos whether the environments' infos are sent; without them a step is cheaper
 * @param renderMode Gymnasium's, e.g. {@code rgb_array}; empty for no rendering
 * @param kwargs keyword arguments of the environment, of those that the server allows
 * @param maxShards largest number of processes to spread the lanes over; 0 for all there are
 * @param stepTimeout how long a reset, step or rendering may take before its worker is given up
 * @param openTimeout how long making the environments may take
 * @param maxMessageBytes largest answer that is taken
 * @param credentials TLS and a token, where the server wants them
 */
public record SessionOptions(
    int numEnvs,
    AutoresetMode autoresetMode,
    boolean infos,
    String renderMode,
    Map<String, Object> kwargs,
    int maxShards,
    Duration stepTimeout,
    Duration openTimeout,
    int maxMessageBytes,
    Credentials credentials) {

  /** NEXT_STEP, with infos, without rendering; 60 s for a step and for opening. */
  public static final SessionOptions DEFAULTS =
      new SessionOptions(
          0,
          AutoresetMode.NEXT_STEP,
          true,
          "",
          Map.of(),
          0,
          Duration.ofSeconds(60),
          Duration.ofSeconds(60),
          Channels.DEFAULT_MAX_MESSAGE_BYTES,
          Credentials.NONE);

  public SessionOptions {
    if (numEnvs < 0 || maxShards < 0) {
      throw new IllegalArgumentException(
          "numEnvs and maxShards cannot be negative, got %d and %d".formatted(numEnvs, maxShards));
    }
    kwargs = Collections.unmodifiableMap(new LinkedHashMap<>(kwargs));
  }

  public SessionOptions withNumEnvs(int lanes) {
    return new SessionOptions(
        lanes,
        autoresetMode,
        infos,
        renderMode,
        kwargs,
        maxShards,
        stepTimeout,
        openTimeout,
        maxMessageBytes,
        credentials);
  }

  public SessionOptions withAutoresetMode(AutoresetMode mode) {
    return new SessionOptions(
        numEnvs,
        mode,
        infos,
        renderMode,
        kwargs,
        maxShards,
        stepTimeout,
        openTimeout,
        maxMessageBytes,
        credentials);
  }

  public SessionOptions withInfos(boolean wanted) {
    return new SessionOptions(
        numEnvs,
        autoresetMode,
        wanted,
        renderMode,
        kwargs,
        maxShards,
        stepTimeout,
        openTimeout,
        maxMessageBytes,
        credentials);
  }

  public SessionOptions withRenderMode(String mode) {
    return new SessionOptions(
        numEnvs,
        autoresetMode,
        infos,
        mode,
        kwargs,
        maxShards,
        stepTimeout,
        openTimeout,
        maxMessageBytes,
        credentials);
  }

  public SessionOptions withKwargs(Map<String, Object> arguments) {
    return new SessionOptions(
        numEnvs,
        autoresetMode,
        infos,
        renderMode,
        arguments,
        maxShards,
        stepTimeout,
        openTimeout,
        maxMessageBytes,
        credentials);
  }

  public SessionOptions withMaxShards(int shards) {
    return new SessionOptions(
        numEnvs,
        autoresetMode,
        infos,
        renderMode,
        kwargs,
        shards,
        stepTimeout,
        openTimeout,
        maxMessageBytes,
        credentials);
  }

  public SessionOptions withStepTimeout(Duration timeout) {
    return new SessionOptions(
        numEnvs,
        autoresetMode,
        infos,
        renderMode,
        kwargs,
        maxShards,
        timeout,
        openTimeout,
        maxMessageBytes,
        credentials);
  }

  public SessionOptions withOpenTimeout(Duration timeout) {
    return new SessionOptions(
        numEnvs,
        autoresetMode,
        infos,
        renderMode,
        kwargs,
        maxShards,
        stepTimeout,
        timeout,
        maxMessageBytes,
        credentials);
  }

  public SessionOptions withMaxMessageBytes(int bytes) {
    return new SessionOptions(
        numEnvs,
        autoresetMode,
        infos,
        renderMode,
        kwargs,
        maxShards,
        stepTimeout,
        openTimeout,
        bytes,
        credentials);
  }

  public SessionOptions withCredentials(Credentials wanted) {
    return new SessionOptions(
        numEnvs,
        autoresetMode,
        infos,
        renderMode,
        kwargs,
        maxShards,
        stepTimeout,
        openTimeout,
        maxMessageBytes,
        wanted);
  }
}
