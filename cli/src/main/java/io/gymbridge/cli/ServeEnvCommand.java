package io.gymbridge.cli;

import io.gymbridge.envs.Envs;
import io.gymbridge.server.EnvironmentServer;
import io.gymbridge.server.ServeOptions;
import io.gymbridge.server.ServedEnvironment;
import io.gymbridge.server.StateKey;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Serves Java environments. */
@Command(
    name = "serve-env",
    mixinStandardHelpOptions = true,
    description = {
      "Serves environments written in Java, to clients in any language. For those written in Python:",
      "python -m gymbridge serve-env ID."
    },
    footer = {
      "",
      "A client opens a session of some copies (lanes) of one environment and steps them together.",
      "The session ends when the client closes it, or its lease after the client's last request.",
      "",
      "Example:  gymbridge serve-env CartPole-v1 FrozenLake-v1 --allow-kwargs is_slippery --address unix:env.sock",
      "Then:     gymbridge envs unix:env.sock",
      "In Java:  RemoteVectorEnv.connect(\"unix:env.sock\", \"CartPole-v1\")"
    })
final class ServeEnvCommand implements Callable<Integer> {
  private static final int MIB = 1 << 20;

  @Parameters(
      arity = "1..*",
      paramLabel = "ID",
      description = "What to serve; \"gymbridge envs\" lists what there is.")
  List<String> ids = new ArrayList<>();

  @Option(
      names = "--num-envs",
      paramLabel = "N",
      defaultValue = "8",
      description = "Lanes of a session that does not say how many. Default: ${DEFAULT-VALUE}.")
  int numEnvs;

  @Option(
      names = "--workers",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Threads that a session's lanes are spread over. More than 1 pays where a step of all lanes takes longer "
              + "than 100 µs. Default: ${DEFAULT-VALUE}.")
  int workers;

  @Option(
      names = "--allow-kwargs",
      paramLabel = "A,B",
      split = ",",
      description = "Keyword arguments that clients may set. Default: none.")
  List<String> allowedKwargs = new ArrayList<>();

  @Option(
      names = "--allow-attributes",
      paramLabel = "A,B",
      split = ",",
      description =
          "Attributes of environments that clients may read, set and call. Default: none.")
  List<String> allowedAttributes = new ArrayList<>();

  @Option(
      names = "--allow-policies",
      description = "Take policies from clients, and act with them in rollouts. Default: no.")
  boolean allowPolicies;

  @Option(
      names = "--max-sessions",
      paramLabel = "N",
      defaultValue = "16",
      description = "Sessions at a time. Default: ${DEFAULT-VALUE}.")
  int maxSessions;

  @Option(
      names = "--max-num-envs",
      paramLabel = "N",
      defaultValue = "1024",
      description = "Lanes that a session may ask for. Default: ${DEFAULT-VALUE}.")
  int maxNumEnvs;

  @Option(
      names = "--lease",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description =
          "How long a session outlives its client's last request. Default: ${DEFAULT-VALUE}.")
  double lease;

  @Option(
      names = "--step-timeout",
      paramLabel = "SECONDS",
      defaultValue = "0",
      description =
          "Give up lanes whose step takes longer, and make new ones; 0: never. Default: ${DEFAULT-VALUE}.")
  double stepTimeout;

  @Option(
      names = "--max-message-mib",
      paramLabel = "MIB",
      defaultValue = "256",
      description = "Largest message. Default: ${DEFAULT-VALUE}.")
  int maxMessageMib;

  @Option(
      names = "--state-key",
      paramLabel = "FILE",
      description =
          "Saved states are good on all servers with the key in it. Default: on this one, while it runs.")
  @Nullable Path stateKey;

  @Option(
      names = "--address",
      defaultValue = "127.0.0.1:50051",
      description = "unix:PATH or HOST:PORT; port 0 picks a free one. Default: ${DEFAULT-VALUE}.")
  String address = "";

  @Mixin final SecurityOptions security = new SecurityOptions();
  @Mixin final ServingOptions serving = new ServingOptions();

  @Override
  public Integer call() throws InterruptedException {
    List<ServedEnvironment> environments =
        new LinkedHashSet<>(ids).stream().map(this::environment).toList();
    EnvironmentServer server = EnvironmentServer.start(address, environments, options());
    return serving.serve(server.address(), server::close);
  }

  private ServedEnvironment environment(String id) {
    return new ServedEnvironment(
        id,
        kwargs -> Envs.make(id, kwargs),
        (numEnvs, kwargs) -> Envs.makeBatch(id, numEnvs, kwargs),
        allowedKwargs.stream().filter(Envs.kwargs(id)::contains).toList(),
        allowedAttributes.stream().filter(attributes(id)::contains).toList(),
        true);
  }

  private static Set<String> attributes(String id) {
    return Envs.make(id).attributes().names();
  }

  private ServeOptions options() {
    for (String name : allowedKwargs) {
      if (ids.stream().noneMatch(id -> Envs.kwargs(id).contains(name))) {
        throw new UserError("--allow-kwargs %s: none of %s knows it".formatted(name, ids));
      }
    }
    for (String name : allowedAttributes) {
      if (ids.stream().noneMatch(id -> attributes(id).contains(name))) {
        Set<String> known = new TreeSet<>();
        ids.forEach(id -> known.addAll(attributes(id)));
        throw new UserError(
            "--allow-attributes %s: none of %s has it; there are %s".formatted(name, ids, known));
      }
    }
    if (maxMessageMib < 1 || maxMessageMib > 2047) {
      throw new UserError("--max-message-mib must be 1 to 2047, got " + maxMessageMib);
    }
    try {
      return new ServeOptions(
          numEnvs,
          workers,
          maxSessions,
          Math.max(maxNumEnvs, numEnvs),
          seconds("--lease", lease),
          seconds("--step-timeout", stepTimeout),
          maxMessageMib * MIB,
          allowPolicies,
          stateKey == null ? StateKey.random() : StateKey.read(stateKey),
          security.security());
    } catch (IllegalArgumentException e) {
      throw new UserError(String.valueOf(e.getMessage()));
    }
  }

  private static Duration seconds(String option, double seconds) {
    if (!(seconds >= 0 && seconds < 1e9)) {
      throw new UserError(
          "%s must be a positive number of seconds, got %s".formatted(option, seconds));
    }
    return Duration.ofNanos((long) (seconds * 1e9));
  }
}
