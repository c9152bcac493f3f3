package io.gymbridge.client;

import com.google.common.io.BaseEncoding;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.EnvironmentServiceGrpc;
import io.gymbridge.proto.v1.InfoMode;
import io.gymbridge.proto.v1.OpenSessionRequest;
import io.gymbridge.proto.v1.OpenSessionResponse;
import io.gymbridge.proto.v1.Shard;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.AutoresetCodec;
import io.gymbridge.transport.Channels;
import io.gymbridge.transport.ItemCodec;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/** Asks a server for a session, again where the answer was lost on the way. */
final class SessionOpening {
  private static final int PROTOCOL_REVISION = 1;
  private static final int ATTEMPTS = 3;
  private static final SecureRandom RANDOM = new SecureRandom();

  private SessionOpening() {}

  static OpenSessionResponse open(Address address, String envId, SessionOptions options) {
    OpenSessionRequest request = request(envId, options);
    long deadline = System.nanoTime() + options.openTimeout().toNanos();
    OpenSessionResponse opened =
        Dial.call(
            () -> {
              for (int attempt = 1; ; attempt++) {
                ManagedChannel channel =
                    Channels.open(address, options.credentials(), options.maxMessageBytes());
                try {
                  return EnvironmentServiceGrpc.newBlockingStub(channel)
                      .withDeadlineAfter(deadline - System.nanoTime(), TimeUnit.NANOSECONDS)
                      .openSession(request);
                } catch (StatusRuntimeException e) {
                  if (attempt == ATTEMPTS || !wasUnderWay(e.getStatus())) {
                    throw e;
                  }
                } finally {
                  channel.shutdownNow();
                }
              }
            },
            address,
            "opening " + envId,
            options.openTimeout(),
            "environments",
            RemoteEnvironments.starter(envId));
    check(opened, address);
    return opened;
  }

  /** Whether a server may have got the request: then it opens no second session for its nonce. */
  private static boolean wasUnderWay(Status failure) {
    return failure.getCode() == Status.Code.UNAVAILABLE && failure.getCause() == null;
  }

  private static OpenSessionRequest request(String envId, SessionOptions options) {
    byte[] nonce = new byte[16];
    RANDOM.nextBytes(nonce);
    OpenSessionRequest.Builder request =
        OpenSessionRequest.newBuilder()
            .setProtocolRevision(PROTOCOL_REVISION)
            .setEnvId(envId)
            .setNumEnvs(options.numEnvs())
            .setAutoresetMode(AutoresetCodec.encode(options.autoresetMode()))
            .setInfoMode(options.infos() ? InfoMode.INFO_MODE_ALL : InfoMode.INFO_MODE_NONE)
            .setRenderMode(options.renderMode())
            .setMaxShards(options.maxShards())
            .setNonce(BaseEncoding.base16().encode(nonce))
            .setLeaseSeconds(seconds(options.lease()))
            .setStepTimeoutSeconds(seconds(options.stepTimeout()));
    if (!options.kwargs().isEmpty()) {
      request.setKwargs(ItemCodec.encode(options.kwargs(), "kwargs"));
    }
    return request.build();
  }

  private static double seconds(Duration duration) {
    return duration.toNanos() / 1e9;
  }

  private static void check(OpenSessionResponse opened, Address address) {
    int next = 0;
    for (Shard shard : opened.getShardsList()) {
      if (shard.getFirstLane() != next || shard.getNumEnvs() < 1) {
        throw new GymException(
            Kind.INTERNAL, "the server at " + address + " gave shards that do not join");
      }
      next += shard.getNumEnvs();
    }
    if (next < 1 || next != opened.getNumEnvs()) {
      throw new GymException(
          Kind.INTERNAL, "the server at %s gave shards of %d lanes".formatted(address, next));
    }
  }
}
