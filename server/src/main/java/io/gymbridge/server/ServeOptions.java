package io.gymbridge.server;

import io.gymbridge.transport.Channels;
import io.gymbridge.transport.ServerSecurity;
import java.time.Duration;

/**
 * How to serve environments, and the limits. Begin with {@link #DEFAULTS} and change what differs.
 *
 * @param numEnvs lanes of a session that does not say how many
 * @param workers threads that a session's lanes are spread over, at most
 * @param maxSessions sessions at a time
 * @param maxNumEnvs lanes of a session, at most
 * @param lease how long a session outlives its client's last request; clients may ask for less
 * @param stepTimeout how long a request may take before its lanes are given up and made anew; zero
 *     for as long as it likes, or as the client says
 * @param maxMessageBytes largest message, either way
 * @param allowPolicies whether clients may put policies, which then act in rollouts
 * @param stateKey what saved states are signed with
 * @param security who may ask, and how connections are encrypted
 */
public record ServeOptions(
    int numEnvs,
    int workers,
    int maxSessions,
    int maxNumEnvs,
    Duration lease,
    Duration stepTimeout,
    int maxMessageBytes,
    boolean allowPolicies,
    StateKey stateKey,
    ServerSecurity security) {

  /**
   * 8 lanes on one thread, 16 sessions of 1,024 lanes at most, a lease of 60 s, 256 MiB, no
   * policies of clients, and saved states that are good in this process.
   */
  public static final ServeOptions DEFAULTS =
      new ServeOptions(
          8,
          1,
          16,
          1024,
          Duration.ofSeconds(60),
          Duration.ZERO,
          Channels.DEFAULT_MAX_MESSAGE_BYTES,
          false,
          StateKey.random(),
          ServerSecurity.LOCAL);

  public ServeOptions {
    if (numEnvs < 1 || workers < 1 || maxSessions < 1 || maxMessageBytes < 1) {
      throw new IllegalArgumentException(
          "got %d lanes, %d workers, %d sessions and %d bytes; each must be 1 or more"
              .formatted(numEnvs, workers, maxSessions, maxMessageBytes));
    }
    if (maxNumEnvs < numEnvs) {
      throw new IllegalArgumentException(
          "got maxNumEnvs %d, less than the %d lanes of a session by default"
              .formatted(maxNumEnvs, numEnvs));
    }
    if (lease.isNegative() || lease.isZero() || stepTimeout.isNegative()) {
      throw new IllegalArgumentException(
          "got a lease of %s and a step timeout of %s, which must be positive"
              .formatted(lease, stepTimeout));
    }
  }

  public ServeOptions withNumEnvs(int lanes) {
    return new ServeOptions(
        lanes,
        workers,
        maxSessions,
        Math.max(maxNumEnvs, lanes),
        lease,
        stepTimeout,
        maxMessageBytes,
        allowPolicies,
        stateKey,
        security);
  }

  public ServeOptions withWorkers(int threads) {
    return new ServeOptions(
        numEnvs,
        threads,
        maxSessions,
        maxNumEnvs,
        lease,
        stepTimeout,
        maxMessageBytes,
        allowPolicies,
        stateKey,
        security);
  }

  public ServeOptions withMaxSessions(int sessions) {
    return new ServeOptions(
        numEnvs,
        workers,
        sessions,
        maxNumEnvs,
        lease,
        stepTimeout,
        maxMessageBytes,
        allowPolicies,
        stateKey,
        security);
  }

  public ServeOptions withMaxNumEnvs(int lanes) {
    return new ServeOptions(
        numEnvs,
        workers,
        maxSessions,
        lanes,
        lease,
        stepTimeout,
        maxMessageBytes,
        allowPolicies,
        stateKey,
        security);
  }

  public ServeOptions withLease(Duration time) {
    return new ServeOptions(
        numEnvs,
        workers,
        maxSessions,
        maxNumEnvs,
        time,
        stepTimeout,
        maxMessageBytes,
        allowPolicies,
        stateKey,
        security);
  }

  public ServeOptions withStepTimeout(Duration time) {
    return new ServeOptions(
        numEnvs,
        workers,
        maxSessions,
        maxNumEnvs,
        lease,
        time,
        maxMessageBytes,
        allowPolicies,
        stateKey,
        security);
  }

  public ServeOptions withMaxMessageBytes(int bytes) {
    return new ServeOptions(
        numEnvs,
        workers,
        maxSessions,
        maxNumEnvs,
        lease,
        stepTimeout,
        bytes,
        allowPolicies,
        stateKey,
        security);
  }

  public ServeOptions withAllowPolicies(boolean allowed) {
    return new ServeOptions(
        numEnvs,
        workers,
        maxSessions,
        maxNumEnvs,
        lease,
        stepTimeout,
        maxMessageBytes,
        allowed,
        stateKey,
        security);
  }

  public ServeOptions withStateKey(StateKey key) {
    return new ServeOptions(
        numEnvs,
        workers,
        maxSessions,
        maxNumEnvs,
        lease,
        stepTimeout,
        maxMessageBytes,
        allowPolicies,
        key,
        security);
  }

  public ServeOptions withSecurity(ServerSecurity wanted) {
    return new ServeOptions(
        numEnvs,
        workers,
        maxSessions,
        maxNumEnvs,
        lease,
        stepTimeout,
        maxMessageBytes,
        allowPolicies,
        stateKey,
        wanted);
  }
}
