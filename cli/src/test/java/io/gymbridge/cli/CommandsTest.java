package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.gymbridge.client.ManagedServer;
import io.jhdf.HdfFile;
import io.jhdf.WritableHdfFile;
import io.jhdf.api.WritableGroup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/**
 * The commands one after the other, as a user would run them, with an expert served from Python.
 */
@TestInstance(Lifecycle.PER_CLASS)
class CommandsTest {
  @TempDir Path folder = Path.of("");
  private @Nullable ManagedServer experts;
  private String expert = "";

  @BeforeAll
  void startExpert() throws IOException {
    // Pushes to the side to which the pole falls.
    Path file = folder.resolve("balancer.py");
    Files.writeString(
        file,
        "def act(observations):\n    return (observations[:, 2] + 0.5 * observations[:, 3] > 0).astype('int64')\n");
    experts = ManagedServer.servePolicy(file + ":act", "CartPole-v1");
    expert = experts.address();
  }

  @AfterAll
  void stopExpert() {
    if (experts != null) {
      experts.close();
    }
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private static void ok(String... arguments) {
    CommandRun run = CommandRun.of(arguments);
    assertEquals(Main.OK, run.code(), run.err());
  }

  private JsonNode json(String name) throws IOException {
    return Outputs.JSON.readTree(folder.resolve(name).toFile());
  }

  @Test
  void bench_bridge_measures_references_and_both_directions_and_says_what_it_cannot()
      throws IOException {
    CommandRun run =
        CommandRun.of(
            "bench",
            "bridge",
            "--only",
            "CartPole-v1 (loop |NumPy|java-python grpc-(unix|tls) 1x1|python-java grpc-unix 1x1)",
            "--seconds",
            "0.02",
            "--repeats",
            "2",
            "--json",
            path("bridge.json"),
            "--report",
            path("bridge.md"));
    assertEquals(Main.OK, run.code(), run.err());
    JsonNode rows = json("bridge.json").get("rows");
    assertEquals(5, rows.size());
    for (JsonNode row : rows) {
      assertTrue(row.path("steps_per_second").asDouble() > 0, row::toString);
      assertEquals(2, row.get("repetitions").size());
    }
    assertTrue(Files.readString(folder.resolve("bridge.md")).contains("| java-python grpc-tls "));

    CommandRun unknown =
        CommandRun.of(
            "bench", "bridge", "--env", "Nothing-v0", "--only", " loop ", "--repeats", "1");
    assertTrue(unknown.out().contains("| Nothing-v0 loop 1x1 | "), unknown.out());
    assertEquals(Main.USAGE, CommandRun.of("bench", "bridge", "--only", "nothing").code());
  }

  @Test
  void collect_train_evaluate_and_serve_work_one_after_the_other() throws IOException {
    ok(
        "collect",
        "--env",
        "CartPole-v1",
        "--expert",
        expert,
        "--episodes",
        "3",
        "--out",
        path("demos.npz"));
    ok(
        "train",
        "bc",
        "--env",
        "CartPole-v1",
        "--demos",
        path("demos.npz"),
        "--out",
        path("bc.zip"),
        "--seed",
        "1",
        "--set",
        "steps=500",
        "--json",
        path("bc.json"));
    ok(
        "train",
        "dagger",
        "--env",
        "CartPole-v1",
        "--expert",
        expert + "/act",
        "--out",
        path("cart.zip"),
        "--set",
        "rounds=3",
        "--set",
        "steps=2000",
        "--json",
        path("dagger.json"));
    assertEquals(
        500,
        json("dagger.json").get("return_mean").asDouble(),
        "DAgger balances as the expert does");

    ok(
        "evaluate",
        "--policy",
        path("cart.zip"),
        "--env",
        "CartPole-v1",
        "--episodes",
        "20",
        "--json",
        path("evaluated.json"));
    JsonNode evaluated = json("evaluated.json");
    assertEquals(500, evaluated.get("return_mean").asDouble());
    assertEquals(0, evaluated.get("return_sd").asDouble());
    assertEquals(20, evaluated.get("episodes").asInt());
    assertEquals(500, evaluated.get("length_mean").asDouble());

    try (ManagedServer server =
        ManagedServer.start(
            CommandRun.process("serve-env", "CartPole-v1", "--address", "127.0.0.1:0"),
            Map.of(),
            null)) {
      CommandRun run =
          CommandRun.of(
              "evaluate",
              "--policy",
              path("cart.zip"),
              "--env",
              "CartPole-v1",
              "--env-address",
              server.address(),
              "--episodes",
              "2",
              "--stats",
              "--stats-json",
              path("stats.json"));
      assertEquals(Main.OK, run.code(), run.err());
      assertTrue(run.out().contains("server codec"), run.out());
      assertTrue(run.out().contains("lanes 0-1: "), run.out());
      JsonNode session = json("stats.json").get("sessions").get(0);
      JsonNode steps = session.get("requests").get("step");
      assertTrue(steps.get("count").asInt() >= 500);
      assertTrue(steps.get("wire_us").get("p50").asDouble() > 0);
      assertEquals("0-1", session.get("transports").get(0).get("lanes").asText());
    }

    try (ManagedServer server =
        ManagedServer.start(
            CommandRun.process("serve-policy", folder.toString(), "--address", "127.0.0.1:0"),
            Map.of(),
            null)) {
      ok(
          "evaluate",
          "--policy",
          server.address() + "/cart",
          "--env",
          "CartPole-v1",
          "--episodes",
          "4",
          "--json",
          path("served.json"));
      assertEquals(500, json("served.json").get("return_mean").asDouble());
      PythonModule.run(
          "evaluate",
          server.address() + "/cart",
          "--env",
          "CartPole-v1",
          "--episodes",
          "2",
          "--json",
          path("python.json"));
      assertEquals(500, json("python.json").get("return_mean").asDouble());
      CommandRun taken =
          CommandRun.of("serve-policy", folder.toString(), "--address", server.address());
      assertEquals(Main.USAGE, taken.code(), taken.err());
      assertTrue(taken.err().contains(server.address()), taken.err());
    }

    CommandRun other =
        CommandRun.of("evaluate", "--policy", path("cart.zip"), "--env", "Reacher-v5");
    assertEquals(Main.USAGE, other.code(), other.err());
    assertTrue(other.err().contains("made for another environment"), other.err());
  }

  @Test
  void a_minari_data_set_is_cloned_and_a_bundle_trained_further() throws IOException {
    Path data = Files.createDirectories(folder.resolve("pole").resolve("data"));
    try (WritableHdfFile hdf = HdfFile.write(data.resolve("main_data.hdf5"))) {
      for (int number : new int[] {10, 2}) {
        WritableGroup episode = hdf.putGroup("episode_" + number);
        float[][] observations = new float[31][4];
        long[] actions = new long[30];
        for (int step = 0; step < 30; step++) {
          observations[step][2] = step % 2 == 0 ? 0.1f : -0.1f;
          actions[step] = step % 2 == 0 ? 1 : 0;
        }
        episode.putDataset("observations", observations);
        episode.putDataset("actions", actions);
        episode.putDataset("rewards", new double[30]);
        episode.putDataset("terminations", new byte[30]);
        episode.putDataset("truncations", new byte[30]);
      }
    }
    String demos = path("pole");
    ok(
        "train",
        "bc",
        "--env",
        "CartPole-v1",
        "--demos",
        demos,
        "--trajectories",
        "2",
        "--out",
        path("first.zip"),
        "--set",
        "steps=300",
        "--episodes",
        "2");
    ok(
        "train",
        "bc",
        "--env",
        "CartPole-v1",
        "--demos",
        demos,
        "--from",
        path("first.zip"),
        "--out",
        path("second.zip"),
        "--set",
        "steps=300",
        "--episodes",
        "2");
    CommandRun other =
        CommandRun.of(
            "train",
            "bc",
            "--env",
            "CartPole-v1",
            "--demos",
            demos,
            "--from",
            path("first.zip"),
            "--out",
            path("third.zip"),
            "--set",
            "hidden=8");
    assertEquals(Main.USAGE, other.code(), other.err());
    assertTrue(other.err().contains("set hidden and activation as it has them"), other.err());
    CommandRun few =
        CommandRun.of(
            "train",
            "bc",
            "--env",
            "CartPole-v1",
            "--demos",
            demos,
            "--trajectories",
            "3",
            "--out",
            path("third.zip"));
    assertTrue(few.err().contains("asked for 3 trajectories, there are 2"), few.err());
  }

  @Test
  void dagger_reports_what_it_asked_within_its_budget() throws IOException {
    ok(
        "train",
        "dagger",
        "--env",
        "CartPole-v1",
        "--expert",
        expert + "/act",
        "--out",
        path("asked.zip"),
        "--set",
        "rounds=3",
        "--set",
        "steps=200",
        "--set",
        "ensemble=2",
        "--set",
        "queryBudget=2500",
        "--json",
        path("asked.json"));
    JsonNode figures = json("asked.json");
    assertEquals(2500, figures.get("queries").asInt());
    assertEquals(2500, figures.get("labels").asInt());
    assertTrue(figures.get("gated_share").asDouble() > 0);
    assertTrue(figures.get("states").asInt() > 2500);
    assertEquals(0, figures.get("cache_hits").asInt());
  }

  @Test
  void the_same_seed_gives_the_same_bundle() throws IOException {
    ok(
        "collect",
        "--env",
        "CartPole-v1",
        "--expert",
        expert,
        "--episodes",
        "2",
        "--out",
        path("few.npz"));
    for (String name : new String[] {"one", "two"}) {
      Files.createDirectory(folder.resolve(name));
      ok(
          "train",
          "bc",
          "--env",
          "CartPole-v1",
          "--demos",
          path("few.npz"),
          "--out",
          path(name + "/p.zip"),
          "--seed",
          "3",
          "--set",
          "steps=300",
          "--episodes",
          "2");
    }
    assertEquals(-1, Files.mismatch(folder.resolve("one/p.zip"), folder.resolve("two/p.zip")));
  }

  @Test
  void recorded_evaluation_is_replayed_and_another_environments_is_told_apart() throws IOException {
    String log = path("run.log");
    ok(
        "evaluate",
        "--policy",
        expert,
        "--env",
        "CartPole-v1",
        "--episodes",
        "3",
        "--num-envs",
        "3",
        "--record",
        log);
    CommandRun same = CommandRun.of("replay", log);
    assertEquals(Main.OK, same.code(), same.err());
    assertTrue(same.out().contains("all as recorded"), same.out());
    try (ManagedServer server = ManagedServer.serveEnv(List.of("CartPole-v1"), 3, 2)) {
      // The Java CartPole is Gymnasium's, to the last bit.
      assertEquals(Main.OK, CommandRun.of("replay", log, "--env-address", server.address()).code());
    }
    Files.write(folder.resolve("run.log"), new byte[] {1}, StandardOpenOption.APPEND);
    assertTrue(CommandRun.of("replay", log).out().contains("in the middle of a record"));
    assertEquals(Main.USAGE, CommandRun.of("replay", path("no.log")).code());
  }
}
