package io.gymbridge.client;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The Python package's servers, as children of this process, on a Unix socket in a directory of
 * their own (on a free local port where the system is not Linux).
 *
 * <p>The interpreter is what {@code scripts/python-env} prints. The script is looked for in the
 * directory that the system property {@code gymbridge.root} or the variable {@code GYMBRIDGE_HOME}
 * names, else in the working directory. Thread-safe.
 */
public final class PythonServers {
  private PythonServers() {}

  /**
   * Serves environments.
   *
   * @param envIds Gymnasium's ids, or {@code module:factory}
   * @param numEnvs lanes of a session that does not say how many
   * @param workers processes
   * @param more further arguments of {@code python -m gymbridge serve-env}
   * @param environment variables to add, e.g. {@code PYTHONPATH}
   * @throws GymException as {@link ManagedServer#start}
   */
  public static ManagedServer serveEnv(
      List<String> envIds,
      int numEnvs,
      int workers,
      List<String> more,
      Map<String, String> environment) {
    List<String> arguments = new ArrayList<>(List.of("serve-env"));
    arguments.addAll(envIds);
    arguments.addAll(
        List.of("--num-envs", String.valueOf(numEnvs), "--workers", String.valueOf(workers)));
    arguments.addAll(more);
    return start(arguments, environment);
  }

  /**
   * Serves a policy.
   *
   * @param policy {@code module:callable}, {@code path/file.py:callable} or {@code file.npz}
   * @param envId whose spaces the policy has
   * @param more further arguments of {@code python -m gymbridge serve-policy}
   * @param environment variables to add
   * @throws GymException as {@link ManagedServer#start}
   */
  public static ManagedServer servePolicy(
      String policy, String envId, List<String> more, Map<String, String> environment) {
    List<String> arguments = new ArrayList<>(List.of("serve-policy", policy, "--env", envId));
    arguments.addAll(more);
    return start(arguments, environment);
  }

  private static ManagedServer start(List<String> arguments, Map<String, String> environment) {
    List<String> command = new ArrayList<>(List.of(interpreter(), "-m", "gymbridge"));
    command.addAll(arguments);
    command.add("--exit-with-stdin");
    command.add("--address");
    if (!System.getProperty("os.name", "").equals("Linux")) {
      command.add("127.0.0.1:0");
      return ManagedServer.start(command, environment, null);
    }
    try {
      Path directory = Files.createTempDirectory("gymbridge");
      command.add("unix:" + directory.resolve("server.sock"));
      // Should this process be killed, nobody else is left to do it.
      command.add("--remove-directory");
      return ManagedServer.start(command, environment, directory);
    } catch (IOException e) {
      throw new GymException(
          Kind.UNAVAILABLE, "cannot make a directory for a socket: " + e.getMessage(), null, e);
    }
  }

  /** The Python that has the package; made by {@code scripts/python-env} where it is not there. */
  public static String interpreter() {
    Path script = home().resolve("scripts").resolve("python-env");
    if (!Files.isExecutable(script)) {
      throw new GymException(
          Kind.UNAVAILABLE,
          "no Python to run: there is no %s. Set GYMBRIDGE_HOME to gymbridge's directory"
              .formatted(script));
    }
    try {
      Process process =
          new ProcessBuilder(script.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.waitFor() != 0 || output.isEmpty()) {
        throw new GymException(
            Kind.UNAVAILABLE, script + " failed: what it printed says why. " + output);
      }
      return output.lines().reduce((earlier, last) -> last).orElse(output);
    } catch (IOException e) {
      throw new GymException(
          Kind.UNAVAILABLE, "cannot run " + script + ": " + e.getMessage(), null, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GymException(Kind.UNAVAILABLE, "interrupted while Python was set up", null, e);
    }
  }

  /** gymbridge's own directory, which has {@code scripts/python-env} and the examples. */
  public static Path home() {
    String home = System.getProperty("gymbridge.root", System.getenv("GYMBRIDGE_HOME"));
    return Path.of(home == null ? "" : home).toAbsolutePath();
  }
}
