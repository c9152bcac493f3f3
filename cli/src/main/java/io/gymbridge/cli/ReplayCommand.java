package io.gymbridge.cli;

import io.gymbridge.client.ManagedServer;
import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.client.recording.Replay;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.envs.Envs;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Does a log again. */
@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    description = {
      "Does again all resets and steps of a log that --record wrote, in environments made in the same way, and says",
      "where what comes of them first differs. Exit code 0: nowhere; 5: somewhere."
    },
    footer = {
      "",
      "Examples:",
      "  gymbridge replay run.log",
      "  gymbridge replay run.log --env-address localhost:50051"
    })
final class ReplayCommand implements Callable<Integer> {
  @Parameters(paramLabel = "LOG", description = "A log.")
  Path log = Path.of("");

  @Option(
      names = "--env-address",
      paramLabel = "ADDRESS",
      description =
          "Where the environment is served: unix:PATH or HOST:PORT. Without it, it is a Java environment where the log "
              + "is of one; otherwise a Python server is started for as long as the command runs.")
  @Nullable String address;

  @Mixin final CredentialOptions credentials = new CredentialOptions();

  @Mixin final TransportOption travel = new TransportOption();

  @Override
  public Integer call() {
    try (Replay replay = new Replay(log)) {
      if (address != null) {
        SessionOptions options =
            travel.applyTo(replay.options().withCredentials(credentials.credentials()));
        return run(replay, RemoteVectorEnv.connect(address, replay.envId(), options));
      }
      if (replay.served()) {
        return serve(replay);
      }
      return run(replay, local(replay));
    }
  }

  private Integer serve(Replay replay) {
    SessionOptions options = travel.applyTo(replay.options());
    String[] allowed =
        options.kwargs().isEmpty()
            ? new String[0]
            : new String[] {"--allow-kwargs", String.join(",", options.kwargs().keySet())};
    try (ManagedServer server =
        ManagedServer.serveEnv(List.of(replay.envId()), options.numEnvs(), 2, allowed)) {
      return run(replay, RemoteVectorEnv.connect(server.address(), replay.envId(), options));
    }
  }

  private static VectorEnv local(Replay replay) {
    SessionOptions options = replay.options();
    return Envs.makeVec(
        replay.envId(), options.numEnvs(), options.autoresetMode(), options.kwargs());
  }

  private Integer run(Replay replay, VectorEnv env) {
    Replay.Result result;
    try (env) {
      result = replay.run(env);
    }
    if (result.difference() != null) {
      System.out.printf("%s: differs at %s%n", log, result.difference());
      return Main.SHORT;
    }
    System.out.printf(
        "%s: %d calls of %d lanes, all as recorded%s%n",
        log,
        result.calls(),
        replay.options().numEnvs(),
        result.cut() ? "; the log ends in the middle of a record" : "");
    return Main.OK;
  }
}
