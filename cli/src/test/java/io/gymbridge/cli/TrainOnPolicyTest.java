package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.gymbridge.learners.Airl;
import io.gymbridge.learners.Gail;
import io.gymbridge.learners.Ppo;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
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
      CommandRun run =
          train(
              algorithm,
              algorithm,
              "--demos",
              path("demos.npz"),
              "--reward-out",
              path(algorithm + "-reward.zip"));
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
      CommandRun paid = train("trpo", "paid", "--reward", path(algorithm + "-reward.zip"));
      assertEquals(Main.OK, paid.code(), paid.err());
      assertTrue(paid.out().contains("learned reward: return "), paid.out());
      String lastLine = Files.readAllLines(folder.resolve("paid.csv")).get(3);
      assertTrue(!lastLine.endsWith("NaN"), lastLine);
      CommandRun plotted =
          CommandRun.of(
              "plot-reward",
              "--reward",
              path(algorithm + "-reward.zip"),
              "--demos",
              path("demos.npz"),
              "--out",
              path("reward.png"));
      assertEquals(Main.OK, plotted.code(), plotted.err());
      // CartPole pays 1 for every step.
      assertTrue(plotted.out().contains("NaN (one of them is always the same)"), plotted.out());
      BufferedImage picture = ImageIO.read(folder.resolve("reward.png").toFile());
      assertEquals(900, picture.getWidth());
    }
    CommandRun transferred = transfer("airl-reward.zip");
    assertEquals(Main.OK, transferred.code(), transferred.err());
    assertTrue(transferred.out().contains("learned reward: return "), transferred.out());
    CommandRun gail = transfer("gail-reward.zip");
    assertEquals(Main.USAGE, gail.code());
    assertTrue(gail.err().contains("is GAIL's"), gail.err());
  }

  /** With an argument for the constructor. */
  private CommandRun transfer(String reward) {
    return CommandRun.of(
        "transfer",
        "--reward",
        path(reward),
        "--env",
        "CartPole-v1",
        "--env-arg",
        "sutton_barto_reward=true",
        "--steps",
        "2048",
        "--episodes",
        "2",
        "--out",
        path("transferred.zip"));
  }

  @Test
  void an_argument_that_the_environment_does_not_know_is_refused() {
    CommandRun run = train("ppo", "ppo", "--env-arg", "gap=left");
    assertEquals(Main.USAGE, run.code());
    assertTrue(run.err().contains("sutton_barto_reward"), run.err());
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

  @Test
  void a_resumed_training_is_the_uninterrupted_one() throws IOException {
    Path whole = Files.createDirectory(folder.resolve("whole"));
    Path broken = Files.createDirectory(folder.resolve("broken"));
    CommandRun run = train("ppo", "whole/policy", saving(whole));
    assertEquals(Main.OK, run.code(), run.err());
    List<String> saved = list(whole.resolve("saved"));
    assertEquals(
        List.of(
            "best.zip",
            "checkpoint-000000002048.bin",
            "checkpoint-000000004096.bin",
            "checkpoint-000000006144.bin",
            "evaluations.csv",
            "run.json"),
        saved);

    // As if it had been killed after the first checkpoint, in the middle of the next update.
    Files.createDirectory(broken.resolve("saved"));
    for (String name : List.of("run.json", "checkpoint-000000002048.bin", "evaluations.csv")) {
      Files.copy(whole.resolve("saved").resolve(name), broken.resolve("saved").resolve(name));
    }
    Files.copy(whole.resolve("policy.csv"), broken.resolve("policy.csv"));
    Path checkpoint = broken.resolve("saved/checkpoint-000000002048.bin");
    FileTime longAgo = FileTime.fromMillis(1_000_000);
    Files.setLastModifiedTime(checkpoint, longAgo);
    CommandRun again = train("ppo", "broken/policy", saving(broken));
    assertEquals(Main.USAGE, again.code());
    assertTrue(again.err().contains("--resume"), again.err());
    CommandRun other =
        train("ppo", "broken/policy", with(saving(broken), "--resume", "--set", "epochs=3"));
    assertEquals(Main.USAGE, other.code());
    assertTrue(other.err().contains("begun with epochs 10, not 3"), other.err());
    CommandRun resumed = train("ppo", "broken/policy", with(saving(broken), "--resume"));
    assertEquals(Main.OK, resumed.code(), resumed.err());
    assertEquals(longAgo, Files.getLastModifiedTime(checkpoint), "it was begun anew");
    for (String name : List.of("policy.zip", "policy.csv", "saved/evaluations.csv")) {
      assertEquals(-1, Files.mismatch(whole.resolve(name), broken.resolve(name)), name);
    }

    // Of another version, say: a new beginning would delete them.
    for (String name : list(broken.resolve("saved"))) {
      if (name.endsWith(".bin")) {
        Files.write(broken.resolve("saved").resolve(name), new byte[] {1, 2, 3});
      }
    }
    CommandRun spoilt = train("ppo", "broken/policy", with(saving(broken), "--resume"));
    assertEquals(Main.USAGE, spoilt.code());
    assertTrue(spoilt.err().contains("none of the 3 checkpoints"), spoilt.err());
    assertEquals(saved, list(broken.resolve("saved")));
  }

  private static String[] saving(Path where) {
    return new String[] {
      "--checkpoints",
      where.resolve("saved").toString(),
      "--checkpoint-every",
      "2000",
      "--checkpoint-episodes",
      "2"
    };
  }

  private static String[] with(String[] some, String... more) {
    List<String> all = new ArrayList<>(List.of(some));
    all.addAll(List.of(more));
    return all.toArray(String[]::new);
  }

  private static List<String> list(Path where) throws IOException {
    try (Stream<Path> files = Files.list(where)) {
      return files.map(file -> String.valueOf(file.getFileName())).sorted().toList();
    }
  }

  @Test
  void presets_are_weaker_than_what_is_said() {
    CommandRun unknown = train("ppo", "ppo", "--preset", "Ant-v1");
    assertEquals(Main.USAGE, unknown.code());
    assertTrue(unknown.err().contains("no preset of that name"), unknown.err());
    OnPolicyOptions options = new OnPolicyOptions();
    options.preset = "HalfCheetah-v5";
    options.training.settings.put("gamma", "0.9");
    Gail.Config config = options.configure("gail", Gail.Config.defaults());
    assertEquals(1_500_000, options.steps);
    assertEquals(0.9, config.adversarial().generator().acting().gamma());
    assertEquals(0.92, config.adversarial().generator().acting().lambda());
    assertEquals(Gail.Reward.LOGIT, config.reward());
  }

  /** Whoever changes a setting's name has to change the presets. */
  @Test
  void all_presets_can_be_read() throws IOException {
    for (String algorithm : List.of("ppo", "gail", "airl")) {
      Path presets =
          Path.of("src", "main", "resources", "io", "gymbridge", "cli", "presets", algorithm);
      for (String file : list(presets)) {
        OnPolicyOptions options = new OnPolicyOptions();
        options.preset = file.replace(".properties", "");
        Record defaults =
            switch (algorithm) {
              case "ppo" -> Ppo.Config.defaults();
              case "gail" -> Gail.Config.defaults();
              default -> Airl.Config.defaults();
            };
        options.configure(algorithm, defaults);
        assertTrue(options.steps != null && options.steps > 0, file);
      }
    }
  }
}
