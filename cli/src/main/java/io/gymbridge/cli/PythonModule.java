package io.gymbridge.cli;

import io.gymbridge.client.PythonServers;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Runs {@code python -m gymbridge …} to its end. */
final class PythonModule {
  private PythonModule() {}

  /**
   * What it prints on standard output. It ends with this process at the latest.
   *
   * @throws GymException ENVIRONMENT with what it printed on standard error, if it fails
   */
  static String run(String... arguments) {
    return execute(List.of("-m", "gymbridge"), arguments);
  }

  /** As {@link #run}, of a script. */
  static String script(Path script, String... arguments) {
    return execute(List.of(script.toString()), arguments);
  }

  private static String execute(List<String> what, String... arguments) {
    List<String> command = new ArrayList<>(List.of(PythonServers.interpreter()));
    command.addAll(what);
    command.addAll(List.of(arguments));
    Thread hook = null;
    try {
      Process process = new ProcessBuilder(command).start();
      hook = new Thread(process::destroyForcibly);
      Runtime.getRuntime().addShutdownHook(hook);
      CompletableFuture<String> errors =
          CompletableFuture.supplyAsync(() -> read(process.getErrorStream()));
      String output = read(process.getInputStream());
      int code = process.waitFor();
      if (code != 0) {
        throw new GymException(
            Kind.ENVIRONMENT,
            "%s ended with code %d".formatted(String.join(" ", command), code),
            errors.join(),
            null);
      }
      return output;
    } catch (IOException e) {
      throw new GymException(Kind.UNAVAILABLE, "cannot run Python: " + e.getMessage(), null, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GymException(Kind.UNAVAILABLE, "interrupted while Python ran", null, e);
    } finally {
      if (hook != null) {
        try {
          Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
          // This process is ending: the hook does its work.
        }
      }
    }
  }

  private static String read(java.io.InputStream stream) {
    try {
      return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      return "";
    }
  }
}
