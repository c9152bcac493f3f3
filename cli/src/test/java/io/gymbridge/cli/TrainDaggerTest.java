package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.client.PythonServers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainDaggerTest {
  @TempDir Path folder = Path.of("");

  private CommandRun train(String where, String... more) {
    List<String> arguments = new ArrayList<>(List.of("train", "dagger", "--env", "CartPole-v1"));
    Path expert = PythonServers.home().resolve("experts").resolve("CartPole-v1.zip");
    arguments.addAll(List.of("--expert", expert.toString(), "--episodes", "2"));
    for (String setting : List.of("rounds=3", "minStepsPerRound=50", "maxStepsPerRound=50")) {
      arguments.addAll(List.of("--set", setting));
    }
    arguments.addAll(List.of("--set", "steps=100", "--set", "ensemble=2"));
    arguments.addAll(List.of("--checkpoints", folder.resolve(where).resolve("saved").toString()));
    arguments.addAll(List.of("--checkpoint-episodes", "2"));
    arguments.addAll(List.of("--out", folder.resolve(where).resolve("policy.zip").toString()));
    arguments.addAll(List.of(more));
    return CommandRun.of(arguments.toArray(String[]::new));
  }

  private List<Path> checkpoints(String where) throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve(where).resolve("saved"))) {
      return files.filter(file -> file.toString().endsWith(".bin")).sorted().toList();
    }
  }

  @Test
  void a_resumed_training_is_the_uninterrupted_one() throws IOException {
    Path saves = Files.createDirectory(folder.resolve("whole")).resolve("saved");
    Path brokenSaves = folder.resolve("broken").resolve("saved");
    CommandRun whole = train("whole");
    assertEquals(Main.OK, whole.code(), whole.err());
    List<Path> saved = checkpoints("whole");
    assertEquals(3, saved.size(), "one after each round");

    // As if it had been killed after the first round.
    Path first = saved.get(0);
    Path kept = brokenSaves.resolve(first.getFileName());
    Files.createDirectories(brokenSaves);
    for (String name : List.of("run.json", "evaluations.csv")) {
      Files.copy(saves.resolve(name), brokenSaves.resolve(name));
    }
    Files.copy(first, kept);
    FileTime longAgo = FileTime.fromMillis(1_000_000);
    Files.setLastModifiedTime(kept, longAgo);
    CommandRun other = train("broken", "--resume", "--set", "rounds=4");
    assertEquals(Main.USAGE, other.code());
    assertTrue(other.err().contains("begun with rounds 3, not 4"), other.err());
    CommandRun resumed = train("broken", "--resume");
    assertEquals(Main.OK, resumed.code(), resumed.err());
    assertEquals(longAgo, Files.getLastModifiedTime(kept), "it was begun anew");
    for (String name : List.of("policy.zip", "saved/evaluations.csv")) {
      Path expected = folder.resolve("whole").resolve(name);
      assertEquals(-1, Files.mismatch(expected, folder.resolve("broken").resolve(name)), name);
    }
  }
}
