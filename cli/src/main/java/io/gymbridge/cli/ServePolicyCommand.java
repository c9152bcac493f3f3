package io.gymbridge.cli;

import io.gymbridge.server.policy.MetricsEndpoint;
import io.gymbridge.server.policy.PolicyServer;
import io.gymbridge.server.policy.PolicyServerOptions;
import io.gymbridge.server.policy.Repository;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Serves policy bundles. */
@Command(
    name = "serve-policy",
    mixinStandardHelpOptions = true,
    description = {
      "Serves the policy bundles of a folder: each POLICY/VERSION.zip as a version of POLICY, or POLICY.zip as its only one.",
      "The folder is watched. Every bundle is checked first: its recorded actions are computed again and compared, and",
      "what fails is refused while the version in service stays."
    },
    footer = {
      "",
      "Examples:",
      "  gymbridge serve-policy policies/ --address 127.0.0.1:50052",
      "  gymbridge serve-policy policies/ --tokens-file tokens --gate-env HalfCheetah-v5 --gate-address unix:env.sock",
      "Then, in Python:  gymbridge.RemotePolicy(\"127.0.0.1:50052\", \"NAME\").predict(observation)",
      "and, for a new version:  gymbridge policies publish NAME new.zip --address 127.0.0.1:50052"
    })
final class ServePolicyCommand implements Callable<Integer> {
  /** What may wait to be written to the request log. */
  private static final long LOG_BYTES = 256L << 20;

  @Parameters(paramLabel = "DIR", description = "A folder of bundles, or one bundle.")
  Path source = Path.of("");

  @Option(
      names = "--address",
      defaultValue = "127.0.0.1:50052",
      description = "unix:PATH or HOST:PORT; port 0 picks a free one. Default: ${DEFAULT-VALUE}.")
  String address = "";

  @Option(
      names = "--allow-publish",
      description =
          "Where no tokens are asked for: everybody who can connect may publish and administer policies.")
  boolean allowPublish;

  @Option(
      names = "--max-waiting",
      paramLabel = "ROWS",
      defaultValue = "1024",
      description =
          "Observations that may wait for each thread that serves connections; more are refused. Default: "
              + "${DEFAULT-VALUE}.")
  int maxWaiting = 1024;

  @Option(
      names = "--threads",
      paramLabel = "N",
      defaultValue = "0",
      description =
          "Threads that compute policies which take longer than a millisecond. Default: one for each processor.")
  int threads;

  @Option(
      names = "--grace",
      paramLabel = "SECONDS",
      defaultValue = "2",
      description =
          "How long requests and episodes under way may go on when the server is told to stop. Default: ${DEFAULT-VALUE}.")
  int grace = 2;

  @Option(
      names = "--metrics",
      paramLabel = "HOST:PORT",
      description =
          "Figures for Prometheus at http://HOST:PORT/metrics, unencrypted; port 0 picks a free one. Default: none.")
  @Nullable String metrics;

  @Option(
      names = "--tracing",
      description =
          "Sends OpenTelemetry traces by OTLP (http/protobuf), where $OTEL_EXPORTER_OTLP_ENDPOINT says (http://localhost:4318 "
              + "without it), under $OTEL_SERVICE_NAME, sampled as $OTEL_TRACES_SAMPLER says.")
  boolean tracing;

  @Option(
      names = "--log-format",
      defaultValue = "text",
      description =
          "text: warnings, for people; json: every event as a line of JSON. Default: ${DEFAULT-VALUE}.")
  Logs.Format logFormat = Logs.Format.TEXT;

  @Option(
      names = "--log-requests",
      paramLabel = "DIR",
      description =
          "Writes episodes on streams as Minari data sets there, DIR/POLICY/requests-vN. Default: none.")
  @Nullable Path logRequests;

  @Option(
      names = "--log-share",
      paramLabel = "SHARE",
      defaultValue = "1",
      description = "Share (0 … 1) of the episodes that are written. Default: ${DEFAULT-VALUE}.")
  double logShare = 1;

  @Mixin final GateOptions gate = new GateOptions();
  @Mixin final SecurityOptions security = new SecurityOptions();
  @Mixin final ServingOptions serving = new ServingOptions();

  @Override
  public Integer call() throws InterruptedException {
    Logs.use(logFormat);
    if (maxWaiting < 1 || threads < 0 || grace < 0) {
      throw new UserError(
          "--max-waiting must be at least 1, --threads and --grace not negative, got %d, %d and %d"
              .formatted(maxWaiting, threads, grace));
    }
    if (!(logShare >= 0 && logShare <= 1)) {
      throw new UserError("--log-share must be within 0 … 1, got " + logShare);
    }
    PolicyServerOptions options =
        PolicyServerOptions.DEFAULTS
            .withSecurity(security.security())
            .withAllowPublish(allowPublish)
            .withMaxWaitingRows(maxWaiting)
            .withGrace(Duration.ofSeconds(grace));
    if (threads > 0) {
      options = options.withThreads(threads);
    }
    Traces traces = tracing ? Traces.start() : null;
    if (traces != null) {
      options = options.withTelemetry(traces.telemetry());
    }
    Repository repository = Repository.open(source, gate.gate());
    if (repository.isEmpty() && !allowPublish && security.tokensFile == null) {
      String refusals = repository.refusals();
      repository.close();
      throw new UserError(
          "no bundle in %s that can be served%s%n`gymbridge train … --out %s/NAME.zip` makes one"
              .formatted(source, refusals.isEmpty() ? "" : ":" + refusals, source));
    }
    RequestRecorder recorder =
        logRequests == null ? null : new RequestRecorder(logRequests, logShare, LOG_BYTES);
    if (recorder != null) {
      options = options.withRequestLog(recorder);
    }
    PolicyServer server = PolicyServer.start(address, repository, options);
    System.err.print(repository.description());
    MetricsEndpoint figures = figures(server);
    return serving.serve(
        server.address(),
        () -> {
          server.close();
          if (recorder != null) {
            recorder.close();
            System.err.println("request log: " + recorder.summary());
          }
          if (figures != null) {
            figures.close();
          }
          if (traces != null) {
            traces.close();
          }
          repository.close();
        });
  }

  private @Nullable MetricsEndpoint figures(PolicyServer server) {
    if (metrics == null) {
      return null;
    }
    MetricsEndpoint figures = MetricsEndpoint.start(metrics, server, security.insecure);
    System.err.printf("  metrics: http://%s/metrics%n", figures.address());
    return figures;
  }
}
