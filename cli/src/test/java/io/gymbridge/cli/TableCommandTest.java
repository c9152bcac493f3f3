package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The table, of one row and two seeds, really trained. */
class TableCommandTest {
  @TempDir Path folder = Path.of("");

  private CommandRun table(String... more) {
    String[] common = {
      "table",
      "--only",
      "ppo-CartPole-v1",
      "--seeds",
      "0,1",
      "--jobs",
      "2",
      "--results",
      folder.resolve("results").toString(),
      "--work",
      folder.resolve("work").toString(),
      "--report",
      folder.resolve("report.md").toString()
    };
    String[] all = java.util.Arrays.copyOf(common, common.length + more.length);
    System.arraycopy(more, 0, all, common.length, more.length);
    return CommandRun.of(all);
  }

  @Test
  void rows_are_trained_once_and_shown_beside_what_was_published() throws IOException {
    CommandRun run = table();
    assertEquals(Main.OK, run.code(), run.err());
    String page = Files.readString(folder.resolve("report.md"));
    assertTrue(page.contains("| CartPole-v1 | PPO |  | 500.0 ± 0.0 | 500.0 ± 0.0 | 500.0 |"), page);
    assertTrue(page.contains("| 500.0 (zoo) |"), page);
    assertTrue(page.contains("| not run | not run |"), page);
    assertTrue(Files.size(folder.resolve("report-CartPole-v1.png")) > 10_000);
    assertTrue(Files.readString(folder.resolve("report.html")).contains("500.0 ± 0.0"));
    Path result = folder.resolve("results/ppo-CartPole-v1-seed1.json");
    JsonNode json = Outputs.JSON.readTree(result.toFile());
    assertEquals(20, json.get("deterministic").size());
    assertTrue(json.get("curve").size() > 10);
    assertEquals(
        "gymbridge train ppo --env CartPole-v1 --seed 1 --preset CartPole-v1",
        json.get("command").asText());

    FileTime before = Files.getLastModifiedTime(result);
    assertEquals(Main.OK, table().code());
    assertEquals(before, Files.getLastModifiedTime(result));
    assertEquals(page, Files.readString(folder.resolve("report.md")));
    assertTrue(table("--list").out().contains("2 of 2 seeds"));
  }
}
