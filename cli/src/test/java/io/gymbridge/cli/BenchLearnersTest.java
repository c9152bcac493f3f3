package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchLearnersTest {
  @TempDir Path folder = Path.of("");

  @Test
  void all_learners_are_measured_without_peers() throws IOException {
    Path json = folder.resolve("learners.json");
    Path report = folder.resolve("learners.md");
    CommandRun run =
        CommandRun.of(
            "bench",
            "learners",
            "--env",
            "CartPole-v1",
            "--seconds",
            "0.01",
            "--repeats",
            "1",
            "--json",
            json.toString(),
            "--report",
            report.toString());
    assertEquals(Main.OK, run.code(), run.err());
    JsonNode rows = Outputs.JSON.readTree(json.toFile()).get("rows");
    assertEquals(
        List.of("gail", "airl", "bc", "ppo"), rows.findValuesAsText("algorithm"), rows.toString());
    for (JsonNode row : rows) {
      assertEquals("gymbridge", row.get("system").asText());
      assertTrue(row.get("per_second").asDouble() > 0, row.toString());
    }
    assertTrue(Files.readString(report).contains("./gymbridge bench learners --env CartPole-v1"));
  }

  @Test
  void what_is_wrong_is_said_before_anything_is_opened() {
    for (List<String> wrong :
        List.of(
            List.of("--seconds", "0"),
            List.of("--repeats", "0"),
            List.of("--only", "nothing"),
            List.of("--only", "("),
            List.of("--demos", "Hopper-v5=x.npz"))) {
      CommandRun run = CommandRun.of("bench", "learners", wrong.get(0), wrong.get(1));
      assertEquals(Main.USAGE, run.code(), run.err());
      assertTrue(run.err().contains(wrong.get(0)), run.err());
    }
  }
}
