package io.gymbridge.cli.bench;

import io.gymbridge.client.PythonServers;
import io.gymbridge.core.GymException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * The virtual environments of peers, one each, beside the project's own and never in it: {@code
 * build/peers/NAME-DIGEST}, made from the packages that a file {@code NAME.txt} lists.
 */
public final class PeerPython {
  private PeerPython() {}

  /**
   * The interpreter of a peer's environment, which is made where it is not there.
   *
   * @param requirements the file, as pip reads it
   * @throws GymException UNAVAILABLE with pip's last line where it cannot be installed
   */
  public static String interpreter(Path requirements) {
    String name = requirements.getFileName().toString().replaceFirst("\\.txt$", "");
    try {
      Path home =
          PythonServers.home()
              .resolve("build")
              .resolve("peers")
              .resolve(name + "-" + digest(requirements));
      Path python = home.resolve("bin").resolve("python");
      Path complete = home.resolve(".complete");
      if (!Files.exists(complete)) {
        Files.createDirectories(home);
        run(List.of(PythonServers.interpreter(), "-m", "venv", "--clear", home.toString()));
        run(
            List.of(
                python.toString(),
                "-m",
                "pip",
                "--disable-pip-version-check",
                "--no-input",
                "install",
                "--quiet",
                "--progress-bar",
                "off",
                "-r",
                requirements.toString()));
        Files.createFile(complete);
      }
      return python.toString();
    } catch (IOException e) {
      throw new GymException(
          GymException.Kind.UNAVAILABLE,
          "cannot make its virtual environment: " + e.getMessage(),
          null,
          e);
    }
  }

  private static void run(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    try {
      if (process.waitFor() != 0) {
        throw new IOException(
            output.lines().reduce((earlier, last) -> last).orElse("no reason given"));
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }

  private static String digest(Path file) throws IOException {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(Files.readAllBytes(file));
      return HexFormat.of().formatHex(digest, 0, 6);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
