package io.gymbridge.cli;

import io.gymbridge.server.PolicyServer;
import io.gymbridge.server.ServedPolicy;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
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

  @Override
  public Integer call() throws InterruptedException {
    List<ServedPolicy> policies = Bundles.load(source);
    PolicyServer server = PolicyServer.start(address, policies, security.security());
    Runtime.getRuntime().addShutdownHook(new Thread(server::close));
    policies.forEach(
        policy -> System.err.printf("  %s (version %s)%n", policy.name(), policy.version()));
    System.out.println("gymbridge: listening on " + server.address());
    System.out.flush();
    new CountDownLatch(1).await();
    return Main.OK;
  }
}
