package io.gymbridge.cli;

import io.gymbridge.server.PolicyServer;
import io.gymbridge.server.ServedPolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Serves policy bundles. */
@Command(
    name = "serve-policy",
    mixinStandardHelpOptions = true,
    description = {
      "Serves the policy bundles of a folder, each under its file's name without .zip.",
      "Every bundle is checked first: its recorded actions are computed again and compared."
    },
    footer = {
      "",
      "Example:  gymbridge serve-policy policies/ --address 127.0.0.1:50052",
      "Then, in Python:  gymbridge.RemotePolicy(\"127.0.0.1:50052\", \"NAME\").predict(observation)"
    })
final class ServePolicyCommand implements Callable<Integer> {
  @Parameters(paramLabel = "DIR", description = "A folder of bundles, or one bundle.")
  Path source = Path.of("");

  @Option(
      names = "--address",
      defaultValue = "127.0.0.1:50052",
      description = "unix:PATH or HOST:PORT; port 0 picks a free one. Default: ${DEFAULT-VALUE}.")
  String address = "";

  @Mixin final SecurityOptions security = new SecurityOptions();
  @Mixin final ServingOptions serving = new ServingOptions();

  @Override
  public Integer call() throws InterruptedException {
    List<ServedPolicy> policies = Bundles.load(source);
    PolicyServer server = PolicyServer.start(address, policies, security.security());
    policies.forEach(
        policy -> System.err.printf("  %s (version %s)%n", policy.name(), policy.version()));
    return serving.serve(server.address(), server::close);
  }
}
