package io.gymbridge.cli;

import io.gymbridge.client.ManagedServer;
import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.client.recording.RecordingVectorEnv;
import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.envs.Envs;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Which environment a command works on, and where it is. */
final class EnvironmentOptions implements AutoCloseable {
  @Option(
      names = "--env",
      required = true,
      paramLabel = "ID",
      description =
          "The environment's id, e.g. HalfCheetah-v5, or module:factory as its server offers it.")
  String id = "";

  @Option(
      names = "--env-address",
      paramLabel = "ADDRESS",
      description =
          "Where it is served: unix:PATH or HOST:PORT. Without it, a Java environment of that id is used if there is "
              + "one, and otherwise a Python server is started for as long as the command runs.")
  @Nullable String address;

  @Option(
      names = "--num-envs",
      paramLabel = "N",
      defaultValue = "8",
      description = "How many copies are stepped together. Default: ${DEFAULT-VALUE}.")
  int numEnvs = 8;

  @Option(
      names = "--env-arg",
      paramLabel = "NAME=VALUE",
      description =
          "A keyword argument of the environment's constructor, several times if need be; a server has to allow it "
              + "(--allow-kwargs).")
  Map<String, String> arguments = new LinkedHashMap<>();

  @Mixin CredentialOptions credentials = new CredentialOptions();

  @Mixin final TransportOption travel = new TransportOption();

  @Mixin final StatsOptions stats = new StatsOptions();

  @Option(
      names = "--record",
      paramLabel = "LOG",
      description =
          "Write all resets and steps there, for `gymbridge replay`. Where the command opens environments more than once, "
              + "the second log is LOG.2, and so on.")
  @Nullable Path record;

  private int recorded;
  private @Nullable ManagedServer server;

  /** Opens the environments, with no info and NEXT_STEP autoreset. */
  VectorEnv open() {
    return open(numEnvs);
  }

  VectorEnv open(int lanes) {
    if (lanes < 1) {
      throw new UserError("--num-envs must be at least 1, got " + lanes);
    }
    stats.check();
    Path log = nextLog();
    if (address == null && Envs.ids().contains(id)) {
      VectorEnv env = Envs.makeVec(id, lanes, AutoresetMode.NEXT_STEP, kwargs());
      return log == null ? env : RecordingVectorEnv.local(env, log);
    }
    SessionOptions options =
        travel.applyTo(EnvironmentOptions.learning(lanes)).withKwargs(kwargs());
    if (address != null) {
      options = options.withCredentials(credentials.credentials());
    }
    RemoteVectorEnv env = RemoteVectorEnv.connect(address(), id, options);
    stats.add(env);
    return log == null ? env : RecordingVectorEnv.served(env, options, log);
  }

  /** Numbers and truth values as such, everything else as text. */
  private Map<String, Object> kwargs() {
    Map<String, Object> kwargs = new LinkedHashMap<>();
    arguments.forEach((name, text) -> kwargs.put(name, value(text)));
    return kwargs;
  }

  private static Object value(String text) {
    if (text.equalsIgnoreCase("true") || text.equalsIgnoreCase("false")) {
      return Boolean.parseBoolean(text);
    }
    if (text.matches("[+-]?[0-9]{1,18}")) {
      return Long.parseLong(text);
    }
    try {
      return Double.parseDouble(text);
    } catch (NumberFormatException e) {
      return text;
    }
  }

  private @Nullable Path nextLog() {
    if (record == null) {
      return null;
    }
    recorded++;
    Path log =
        recorded == 1 ? record : record.resolveSibling(record.getFileName() + "." + recorded);
    Outputs.checkWritable(log);
    return log;
  }

  /** What learners want: no infos, which they never look at. */
  static SessionOptions learning(int lanes) {
    return SessionOptions.DEFAULTS.withNumEnvs(lanes).withInfos(false);
  }

  private String address() {
    if (address != null) {
      return address;
    }
    if (server == null) {
      String[] more =
          arguments.isEmpty()
              ? new String[0]
              : new String[] {"--allow-kwargs", String.join(",", arguments.keySet())};
      server = ManagedServer.serveEnv(List.of(id), numEnvs, 2, more);
    }
    return server.address();
  }

  @Override
  public void close() {
    stats.report();
    if (server != null) {
      server.close();
    }
  }
}
