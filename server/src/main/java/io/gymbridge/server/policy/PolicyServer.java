package io.gymbridge.server.policy;

import io.grpc.ServerInterceptor;
import io.gymbridge.core.GymException;
import io.gymbridge.server.Endpoint;
import io.gymbridge.transport.ServerSecurity;
import io.opentelemetry.api.OpenTelemetry;
import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Serves policies under their names, with health (overall, and per policy) and reflection.
 * Thread-safe.
 */
public final class PolicyServer implements AutoCloseable {
  /** More than may wait, so that what is too much is refused here, and does not wait elsewhere. */
  private static final int MAX_CALLS = 1 << 14;

  private final Catalogue catalogue;
  private final Batches batches;
  private final Acting acting;
  private final Inference inference;
  private final Refusals refusals;
  private final Endpoint endpoint;
  private final PolicyServerOptions options;

  private PolicyServer(
      String address,
      Catalogue catalogue,
      @Nullable Repository repository,
      PolicyServerOptions options) {
    this.catalogue = catalogue;
    this.options = options;
    this.batches = new Batches(options.maxWaitingRows(), options.maxBatchRows(), options.threads());
    this.acting = new Acting(catalogue, batches, options.requestLog());
    this.inference = inference(catalogue, batches, options);
    this.endpoint =
        new Endpoint(
            address,
            List.of(
                new PolicyCalls(acting, repository).bindService(),
                new InferenceCalls(inference, repository).bindService()),
            options.maxMessageBytes(),
            MAX_CALLS,
            options.security(),
            interceptors(options));
    this.refusals = new Refusals(catalogue);
    catalogue.listen(endpoint::serving);
    // What has just left service is not kept by sequences that nobody goes on with.
    catalogue.listen((name, serving) -> inference.sequences().expire());
  }

  /** The last one sees a call first. */
  private static List<ServerInterceptor> interceptors(PolicyServerOptions options) {
    ServerInterceptor rights =
        new RightsCheck(!options.security().tokens().isEmpty(), options.allowPublish());
    return options.telemetry() == OpenTelemetry.noop()
        ? List.of(rights)
        : List.of(rights, new Tracing(options.telemetry()));
  }

  private static Inference inference(
      Catalogue catalogue, Batches batches, PolicyServerOptions options) {
    return new Inference(
        new InferenceModels(
            catalogue, options.maxBatchRows(), InferenceSequences.IDLE_NANOS / 1000),
        batches,
        options.requestLog(),
        new InferenceSequences(
            InferenceSequences.LIMIT, InferenceSequences.IDLE_NANOS, System::nanoTime));
  }

  /**
   * Starts serving policies that never change.
   *
   * @param address {@code unix:PATH} or {@code HOST:PORT}; port 0 takes any
   * @param policies with different names; closed with the server
   * @param security who may ask
   * @throws GymException INVALID_ARGUMENT for an address that cannot be listened on, or two
   *     policies of one name; FAILED_PRECONDITION for one in use; PERMISSION_DENIED for one that
   *     other machines can reach, without TLS or {@code insecure}
   */
  public static PolicyServer start(
      String address, Collection<ServedPolicy> policies, ServerSecurity security) {
    return new PolicyServer(
        address, Catalogue.of(policies), null, PolicyServerOptions.DEFAULTS.withSecurity(security));
  }

  /**
   * Starts serving what is in a repository, and takes new versions for it.
   *
   * @param repository stays open when the server closes
   * @throws GymException as {@link #start(String, Collection, ServerSecurity)}
   */
  public static PolicyServer start(
      String address, Repository repository, PolicyServerOptions options) {
    return new PolicyServer(address, repository.catalogue(), repository, options);
  }

  /** Where it listens, with the port that was chosen. */
  public String address() {
    return endpoint.address();
  }

  /** Its figures. */
  PolicyMetrics metrics() {
    return new PolicyMetrics(catalogue, batches, options.requestLog());
  }

  /** Blocks until the server is closed. */
  public void awaitTermination() throws InterruptedException {
    endpoint.awaitTermination();
  }

  /**
   * Stops: health says NOT_SERVING, nobody can connect any more, and episodes that have begun on
   * streams may go on within the options' grace; then the policies are closed. Closing twice is
   * allowed.
   */
  @Override
  public void close() {
    acting.drain();
    if (endpoint.drain()) {
      endpoint.close(options.grace());
      inference.close();
      refusals.close();
      batches.close();
      catalogue.close();
    }
  }
}
