package io.gymbridge.cli;

import io.gymbridge.client.ManagedServer;
import io.gymbridge.client.PythonServers;
import io.gymbridge.client.RemotePolicy;
import io.gymbridge.core.Policy;
import io.gymbridge.server.policy.PolicyServer;
import io.gymbridge.server.policy.PolicyServerOptions;
import io.gymbridge.server.policy.PublishGate;
import io.gymbridge.server.policy.Repository;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;

/**
 * An environment that the quickstart can show: who its expert is, and how much of everything the
 * story takes there.
 *
 * @param env Gymnasium's id
 * @param expertKind whose expert serves it
 * @param expertFile in our own directory: a Python callable, or a bundle
 * @param demonstrations that are cloned
 * @param subsample each such transition of a demonstration is kept, so that cloning fails
 * @param rounds of DAgger
 * @param episodesPerRound of DAgger
 * @param episodes of each evaluation
 */
record QuickstartTask(
    String env,
    Expert expertKind,
    String expertFile,
    int demonstrations,
    int subsample,
    int rounds,
    int episodesPerRound,
    int episodes) {

  /** By what an expert is served. */
  enum Expert {
    PYTHON("Python"),
    JAVA("Java");

    private final String language;

    Expert(String language) {
      this.language = language;
    }

    /** As it is written in a sentence. */
    String language() {
      return language;
    }
  }

  private static final List<QuickstartTask> ALL =
      List.of(
          new QuickstartTask(
              "Reacher-v5",
              Expert.PYTHON,
              "python-shim/examples/reacher_expert.py:act",
              4,
              1,
              20,
              12,
              50),
          new QuickstartTask(
              "HalfCheetah-v5", Expert.JAVA, "experts/HalfCheetah-v5.zip", 4, 20, 12, 8, 20));

  /** An expert that is served, by a process or by threads that end with it. */
  static final class Served implements AutoCloseable {
    private final String address;
    private final Runnable end;

    private Served(String address, Runnable end) {
      this.address = address;
      this.end = end;
    }

    /** A connection to it. */
    Policy connect() {
      return RemotePolicy.connect(address);
    }

    @Override
    public void close() {
      end.run();
    }
  }

  /**
   * The one of an id.
   *
   * @throws UserError for others, with the list
   */
  static QuickstartTask of(String env) {
    return ALL.stream()
        .filter(task -> task.env.equals(env))
        .findFirst()
        .orElseThrow(
            () ->
                new UserError(
                    "--env %s: the quickstart has an expert for %s only; with an expert of your own, use `gymbridge train dagger`"
                        .formatted(env, ids())));
  }

  /** What there is, for messages. */
  static String ids() {
    return ALL.stream().map(QuickstartTask::env).collect(Collectors.joining(" and "));
  }

  /** Serves the expert. */
  Served serveExpert() {
    Path home = PythonServers.home();
    if (expertKind == Expert.PYTHON) {
      ManagedServer server = ManagedServer.servePolicy(home.resolve(expertFile).toString(), env);
      return new Served(server.address(), server::close);
    }
    Repository bundle = Repository.open(home.resolve(expertFile), PublishGate.OPEN);
    PolicyServer server = PolicyServer.start("127.0.0.1:0", bundle, PolicyServerOptions.DEFAULTS);
    return new Served(
        server.address() + "/" + env,
        () -> {
          server.close();
          bundle.close();
        });
  }
}
