package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchServingTest {
  @TempDir Path folder = Path.of("");

  @Test
  void swaps_misroute_nothing_and_an_overloaded_server_recovers() throws IOException {
    Path json = folder.resolve("serving.json");
    Path report = folder.resolve("serving.md");
    CommandRun run =
        CommandRun.of(
            "bench",
            "serving",
            "--only",
            "gymbridge, native (stream|unary) ×(1|8)$",
            "--seconds",
            "0.2",
            "--repeats",
            "2",
            "--swaps",
            "4",
            "--swap-window",
            "0.3",
            "--overload",
            "3",
            "--json",
            json.toString(),
            "--report",
            report.toString());
    assertEquals(Main.OK, run.code(), run.err());
    JsonNode results = new ObjectMapper().readTree(json.toFile());
    assertEquals(4, results.get("rows").size());
    assertTrue(results.at("/rows/0/repetitions/1/calls_per_second").asDouble() > 0, run.out());
    assertTrue(results.at("/rows/0/repetitions/1/server_us").asDouble() > 0, run.out());

    JsonNode swaps = results.get("swaps");
    assertTrue(swaps.get("questions").asLong() > 0);
    assertEquals(0, swaps.get("failed").asLong());
    assertEquals(0, swaps.get("misrouted").asLong());
    assertEquals(0, swaps.get("out_of_service").asLong());
    assertEquals(4, swaps.get("publish_ms").size());

    JsonNode load = results.at("/overload/generator");
    assertEquals(0, load.get("failed").asLong(), load.toString());
    assertEquals(
        load.get("due").asLong(),
        load.get("accepted").asLong()
            + load.get("refused").asLong()
            + load.get("held_back").asLong(),
        load.toString());
    assertTrue(load.get("accepted").asLong() > 0, load.toString());
    assertTrue(results.at("/overload/after/us_p50").asDouble() > 0);

    assertTrue(Files.readString(report).contains("4 swaps under load"));
    assertTrue(Files.size(folder.resolve("serving.png")) > 0);
  }

  @Test
  void pattern_that_leaves_nothing_is_an_error() {
    CommandRun run = CommandRun.of("bench", "serving", "--only", "nothing");
    assertEquals(Main.USAGE, run.code());
    assertTrue(run.err().contains("--list"), run.err());
  }
}
