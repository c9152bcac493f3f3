package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.client.RemoteEnv;
import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.core.Env;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServeEnvCommandTest {
  @TempDir Path folder = Path.of("");

  @Test
  void environments_are_listed_and_played_until_the_process_is_told_to_end() throws Exception {
    Path socket = folder.resolve("env.sock");
    Process process =
        start(
            "CartPole-v1",
            "FrozenLake-v1",
            "--allow-kwargs",
            "map_name",
            "--allow-attributes",
            "gravity,s",
            "--allow-policies",
            socket.toString());
    try {
      String address = address(process);
      assertEquals("unix:" + socket, address);
      CommandRun list = CommandRun.of("envs", address);
      assertEquals(Main.OK, list.code(), list.err());
      assertTrue(list.out().contains("CartPole-v1") && list.out().contains("Discrete(16)"));
      SessionOptions large = SessionOptions.DEFAULTS.withKwargs(Map.of("map_name", "8x8"));
      try (Env env = RemoteEnv.connect(address, "FrozenLake-v1", large)) {
        assertEquals("Discrete(64)", env.spec().observationSpace().toString());
        env.reset(1);
      }
      try (RemoteEnv env = RemoteEnv.connect(address, "CartPole-v1")) {
        env.setAttribute("gravity", 3.7);
        assertEquals(3.7, env.call("gravity", List.of(), Map.of()));
      }
      try (RemoteVectorEnv env = RemoteVectorEnv.connect(address, "CartPole-v1")) {
        GymException refusal = assertThrows(GymException.class, () -> env.putPolicy(new byte[1]));
        assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
      }
      CommandRun unknown =
          CommandRun.of(
              "serve-env", "CartPole-v1", "--allow-attributes", "s", "--address", address);
      assertEquals(Main.USAGE, unknown.code(), unknown.err());
      assertTrue(unknown.err().contains("--allow-attributes s: none of"), unknown.err());
      CommandRun evaluated = CommandRun.of("serve-env", "CartPole-v1", "--address", address);
      assertEquals(Main.USAGE, evaluated.code(), evaluated.err());
      assertTrue(evaluated.err().contains("in use"), evaluated.err());
      process.destroy();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertFalse(Files.exists(socket));
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void process_ends_with_its_standard_input_when_told_so() throws Exception {
    Path socket = folder.resolve("env.sock");
    Process process = start("CartPole-v1", "--exit-with-stdin", socket.toString());
    try {
      assertEquals("unix:" + socket, address(process));
      process.getOutputStream().close();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
      assertEquals(Main.OK, process.exitValue());
      assertFalse(Files.exists(socket));
    } finally {
      process.destroyForcibly();
    }
  }

  /** The command with these arguments, of which the last one is the path of its socket. */
  private static Process start(String... arguments) throws IOException {
    String[] all = new String[arguments.length + 2];
    all[0] = "serve-env";
    System.arraycopy(arguments, 0, all, 1, arguments.length - 1);
    all[arguments.length] = "--address";
    all[arguments.length + 1] = "unix:" + arguments[arguments.length - 1];
    return CommandRun.start(all);
  }

  private static String address(Process process) throws IOException {
    BufferedReader lines = process.inputReader();
    String line = lines.readLine();
    assertTrue(line != null && line.startsWith("gymbridge: listening on "), line);
    return line.substring("gymbridge: listening on ".length());
  }
}
