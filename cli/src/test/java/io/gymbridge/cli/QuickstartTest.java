package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.gymbridge.client.PythonServers;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class QuickstartTest {
  /**
   * Becomes another program, which an interrupt ends even where this process was told to ignore it.
   */
  private static final String INTERRUPTIBLE =
      """
      import os, signal, sys
      signal.signal(signal.SIGINT, signal.SIG_DFL)
      os.execv(sys.argv[1], sys.argv[1:])
      """;

  @TempDir Path folder = Path.of("");

  @Test
  void quickstart_clones_badly_and_improves_to_the_experts_level() throws IOException {
    Path json = folder.resolve("quickstart.json");
    Path report = folder.resolve("report.html");
    CommandRun run =
        CommandRun.of("quickstart", "--json", json.toString(), "--report", report.toString());
    assertEquals(Main.OK, run.code(), run.err());
    JsonNode results = Outputs.JSON.readTree(json.toFile());
    assertTrue(results.at("/bc/normalised").asDouble() <= 0.5, results.toString());
    assertTrue(results.at("/dagger/normalised").asDouble() >= 0.95, results.toString());
    assertEquals(
        results.at("/dagger/mean").asDouble(), results.at("/served/mean").asDouble(), 0.01);
    for (String policy : List.of("nothing", "expert", "bc", "dagger", "served")) {
      assertEquals(50, results.at("/" + policy + "/episodes").asInt());
    }
    assertEquals(report.toString(), results.get("report").asText());
    String page = Files.readString(report);
    assertTrue(
        page.contains("data:image/png;base64,") && page.contains("<table>"),
        "the curve and the table");
  }

  @Test
  void an_interrupt_leaves_no_process_and_no_file() throws Exception {
    Path temporary = Files.createDirectory(folder.resolve("tmp"));
    List<String> command =
        CommandRun.process("quickstart", "--report", folder.resolve("report.html").toString());
    command.add(1, "-Djava.io.tmpdir=" + temporary);
    command.addAll(0, List.of(PythonServers.interpreter(), "-c", INTERRUPTIBLE));
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.environment().put("TMPDIR", temporary.toString());
    Process process = builder.redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
    try (BufferedReader errors = process.errorReader()) {
      String line = errors.readLine();
      while (line != null && !line.startsWith("Gathering")) {
        line = errors.readLine();
      }
      List<ProcessHandle> children = process.descendants().toList();
      assertTrue(children.size() >= 4, "two servers and their workers: " + children);
      new ProcessBuilder("kill", "-INT", String.valueOf(process.pid())).start().waitFor();
      assertTrue(process.waitFor(30, TimeUnit.SECONDS), "it ends");
      assertEquals(130, process.exitValue());
      for (ProcessHandle child : children) {
        child.onExit().get(30, TimeUnit.SECONDS);
      }
    } finally {
      process.destroyForcibly();
    }
    try (Stream<Path> left = Files.walk(temporary)) {
      List<Path> sockets = left.filter(path -> path.toString().contains("gymbridge")).toList();
      assertEquals(List.of(), sockets);
    }
    assertFalse(Files.exists(folder.resolve("report.html")));
  }
}
