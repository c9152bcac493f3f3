package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** PPO, TRPO, GAIL and AIRL as a user runs them, on the Java CartPole. */
class TrainOnPolicyTest {
  @TempDir Path folder = Path.of("");

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private CommandRun train(String algorithm, String name, String... more) {
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "train",
                algorithm,
                "--env",
                "CartPole-v1",
                "--steps",
                "5000",
                "--episodes",
                "4",
                "--out",
                path(name + ".zip"),
                "--log",
                path(name + ".csv"),
                "--json",
                path(name + ".json")));
    arguments.addAll(List.of(more));
    return CommandRun.of(arguments.toArray(String[]::new));
  }

  private void checkLog(String name, int rollout) throws IOException {
    List<String> lines = Files.readAllLines(folder.resolve(name + ".csv"));
    int updates = (5000 + rollout - 1) / rollout;
    assertEquals(1 + updates, lines.size());
    String[] columns = lines.get(0).split(",", -1);
    for (String line : lines.subList(1, lines.size())) {
      assertEquals(columns.length, line.split(",", -1).length, line);
    }
    assertEquals("steps", columns[0]);
    assertTrue(lines.get(updates).startsWith(updates * rollout + "," + updates + ","));
  }

  @Test
  void rewards_train_a_policy_that_demonstrates_to_others() throws IOException {
    CommandRun ppo = train("ppo", "ppo", "--tensorboard", path("tb"));
    assertEquals(Main.OK, ppo.code(), ppo.err());
    try (Stream<Path> files = Files.list(folder.resolve("tb"))) {
      assertEquals(4, TensorBoardEventsTest.read(files.findFirst().orElseThrow()).size());
    }
    assertTrue(ppo.out().contains("sampled actions: return "), ppo.out());
    checkLog("ppo", 8 * 256);
    CommandRun trpo = train("trpo", "trpo");
    assertEquals(Main.OK, trpo.code(), trpo.err());
    checkLog("trpo", 8 * 256);

    CommandRun collected =
        CommandRun.of(
            "collect",
            "--env",
            "CartPole-v1",
            "--expert",
            path("ppo.zip"),
            "--episodes",
            "2",
            "--out",
            path("demos.npz"));
    assertEquals(Main.OK, collected.code(), collected.err());
    for (String algorithm : List.of("gail", "airl")) {
      CommandRun run = train(algorithm, algorithm, "--demos", path("demos.npz"));
      assertEquals(Main.OK, run.code(), run.err());
      checkLog(algorithm, 8 * 128);
      JsonNode evaluated = Outputs.JSON.readTree(folder.resolve(algorithm + ".json").toFile());
      assertEquals(4, evaluated.get("episodes").asInt());
      // What was trained can be played.
      CommandRun played =
          CommandRun.of(
              "evaluate",
              "--policy",
              path(algorithm + ".zip"),
              "--env",
              "CartPole-v1",
              "--episodes",
              "2");
      assertEquals(Main.OK, played.code(), played.err());
    }
  }

  @Test
  void what_is_missing_or_wrong_is_said_before_training() {
    CommandRun missing = train("gail", "gail");
    assertEquals(Main.USAGE, missing.code());
    assertTrue(missing.err().contains("--demos is missing"), missing.err());
    CommandRun unknown = train("ppo", "ppo", "--set", "learnRate=1");
    assertEquals(Main.USAGE, unknown.code());
    assertTrue(unknown.err().contains("learningRate"), unknown.err());
  }
}
