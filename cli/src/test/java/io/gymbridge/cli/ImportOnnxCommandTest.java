package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.data.NpyArray;
import io.gymbridge.policies.PolicyBundle;
import io.gymbridge.policies.Signature;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImportOnnxCommandTest {
  private static final Path GRAPHS =
      Path.of(System.getProperty("gymbridge.root", ".."), "testdata", "onnx");

  @TempDir Path folder = Path.of("");

  private CommandRun run(String graph, String... options) {
    String[] arguments = new String[options.length + 4];
    arguments[0] = "import-onnx";
    arguments[1] = GRAPHS.resolve(graph).toString();
    arguments[2] = "--out";
    arguments[3] = folder.resolve("policy.zip").toString();
    System.arraycopy(options, 0, arguments, 4, options.length);
    return CommandRun.of(arguments);
  }

  private PolicyBundle bundle() {
    return PolicyBundle.read(folder.resolve("policy.zip"));
  }

  @Test
  void imported_policy_is_evaluated_like_any_other() {
    CommandRun run =
        run("sb3-dqn.onnx", "--env", "CartPole-v1", "--output", "q_values=13", "--name", "dqn");
    assertEquals(Main.OK, run.code(), run.err());
    assertTrue(run.out().contains("output \"13\": q_values"), run.out());
    assertEquals("dqn", bundle().manifest().name());
    assertEquals("CartPole-v1", bundle().manifest().environment());
    CommandRun played =
        CommandRun.of(
            "evaluate",
            "--policy",
            folder.resolve("policy.zip").toString(),
            "--env",
            "CartPole-v1",
            "--episodes",
            "2");
    assertEquals(Main.OK, played.code(), played.err());
  }

  @Test
  void given_observations_become_the_golden_ones_and_states_are_found() throws IOException {
    Path npz = folder.resolve("seen.npz");
    NdArray seen = NdArray.of(new float[60], 20, 3);
    try (OutputStream out = Files.newOutputStream(npz);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      zip.putNextEntry(new ZipEntry("observations.npy"));
      NpyArray.write(zip, seen);
      zip.closeEntry();
    }
    CommandRun run =
        run(
            "lstm.onnx",
            "--observation-space",
            "{\"type\":\"Box\",\"low\":{\"dtype\":\"float32\",\"shape\":[3],\"data\":[-9,-9,-9]},"
                + "\"high\":{\"dtype\":\"float32\",\"shape\":[3],\"data\":[9,9,9]}}",
            "--action-space",
            "{\"type\":\"Box\",\"low\":{\"dtype\":\"float32\",\"shape\":[2],\"data\":[-9,-9]},"
                + "\"high\":{\"dtype\":\"float32\",\"shape\":[2],\"data\":[9,9]}}",
            "--output",
            "actions=mu",
            "--state",
            "h=h_next",
            "--state",
            "c=c_next",
            "--observations",
            npz.toString());
    assertEquals(Main.OK, run.code(), run.err());
    Value golden = bundle().manifest().goldenObservations();
    assertEquals(seen.slice(0, 16), golden);
    NdArray actions = bundle().manifest().goldenActions();
    assertFalse(actions.row(0).equals(actions.row(1)), "the state makes the difference");
    Signature signature = bundle().manifest().signature();
    assertNotNull(signature);
    assertEquals("episode_starts", signature.episodeStarts());
    assertEquals(1, signature.states().get(0).batchAxis());
  }

  @Test
  void what_cannot_be_told_is_asked_and_nothing_is_written() {
    CommandRun run = run("lstm.onnx", "--env", "Pendulum-v1", "--state", "h=h_next");
    assertEquals(Main.USAGE, run.code());
    assertTrue(run.err().contains("which input is for"), run.err());
    assertTrue(run.err().contains("\"c\" float[1, ?, 8]"), run.err());
    assertEquals(Main.USAGE, run("single.onnx").code());
    assertEquals(Main.USAGE, run("none.onnx", "--env", "Pendulum-v1").code());
    CommandRun role = run("single.onnx", "--env", "Pendulum-v1", "--output", "action=output");
    assertTrue(role.err().contains("\"action\" is no role"), role.err());
    assertFalse(Files.exists(folder.resolve("policy.zip")));
  }
}
