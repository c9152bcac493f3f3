package io.gymbridge.cli;

import io.gymbridge.cli.bench.SystemUnderTest;
import io.gymbridge.cli.bridge.Cell;
import io.gymbridge.cli.bridge.MarkdownReport;
import io.gymbridge.cli.bridge.Plan;
import io.gymbridge.cli.bridge.Results;
import io.gymbridge.cli.bridge.ScalingChart;
import io.gymbridge.cli.bridge.SystemsUnderTest;
import io.gymbridge.cli.bridge.Workload;
import io.gymbridge.core.GymException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures the bridge beside others. */
@Command(
    name = "bridge",
    mixinStandardHelpOptions = true,
    description = {
      "Steps the same environments with random actions in many ways: loops of one Python process and of two at once,",
      "Gymnasium's vector environments, this bridge from Java and from Python over its transports, and on wish other",
      "people's systems. The repetitions of all are interleaved; tables show medians, ratios and their 95 % confidence",
      "intervals, and what is reached of the project's targets.",
      "",
      "A cell of the table has a label: environment, system, transport, environments x workers. --only chooses by it."
    },
    footer = {
      "",
      "Examples:  gymbridge bench bridge --peers --report results.md --json bridge.json",
      "           gymbridge bench bridge --only \"HalfCheetah.*(loops|16x2)\" --repeats 10",
      "           gymbridge bench bridge --env Hopper-v5"
    })
final class BenchBridgeCommand implements Callable<Integer> {
  @Option(
      names = "--env",
      split = ",",
      paramLabel = "ID",
      description = "Measure how these scale, instead of the usual table.")
  List<String> envs = new ArrayList<>();

  @Option(
      names = "--peers",
      description =
          "Measure EnvPool, RLMesh and dm_env_rpc too; installs each into a virtual environment of its own.")
  boolean peers;

  @Option(
      names = "--full",
      description =
          "Every size (1, 8, 16, 64), number of workers (1, 2, 4) and transport: most of an hour.")
  boolean full;

  @Option(
      names = "--only",
      paramLabel = "PATTERN",
      defaultValue = "",
      description = "Only cells in whose label this regular expression is found.")
  String only = "";

  @Option(
      names = "--seconds",
      defaultValue = "0.5",
      description = "Of each repetition. Default: ${DEFAULT-VALUE}.")
  double seconds;

  @Option(
      names = "--repeats",
      defaultValue = "5",
      description = "Repetitions of each cell. Default: ${DEFAULT-VALUE}.")
  int repeats;

  @Option(names = "--list", description = "Print the cells' labels, and measure nothing.")
  boolean list;

  @Option(names = "--json", paramLabel = "FILE", description = "Write all figures there.")
  @Nullable Path json;

  @Option(
      names = "--report",
      paramLabel = "FILE.md",
      description = "Write the tables there, and a chart of the scaling beside it.")
  @Nullable Path report;

  @Spec @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    check();
    List<Cell> cells = cells();
    if (list) {
      cells.forEach(cell -> System.out.println(cell.label()));
      return Main.OK;
    }
    Results results = measure(cells);
    System.out.print(new MarkdownReport(results).tables());
    return Main.OK;
  }

  private void check() {
    Outputs.checkWritable(json);
    Outputs.checkWritable(report);
    if (!(seconds > 0 && seconds <= 60)) {
      throw new UserError("--seconds must be more than 0 and at most 60, got " + seconds);
    }
    if (repeats < 1) {
      throw new UserError("--repeats must be at least 1, got " + repeats);
    }
  }

  private List<Cell> cells() {
    Plan plan = !envs.isEmpty() ? Plan.of(envs) : full ? Plan.full() : Plan.usual();
    try {
      List<Cell> cells = plan.cells(peers, Pattern.compile(only));
      if (cells.isEmpty()) {
        throw new UserError("--only \"%s\" leaves nothing; see --list".formatted(only));
      }
      return cells;
    } catch (PatternSyntaxException e) {
      throw new UserError("--only: " + e.getMessage(), e);
    }
  }

  private Results measure(List<Cell> cells) {
    Results results = new Results(cells);
    try (ProgressLine progress = new ProgressLine("bridge", cells.size() * (repeats + 1L));
        SystemsUnderTest systems = new SystemsUnderTest(cells, Main.class, progress::note)) {
      for (Workload workload : cells.stream().map(Cell::workload).distinct().toList()) {
        measure(
            cells.stream().filter(cell -> cell.workload().equals(workload)).toList(),
            systems,
            results,
            progress);
        // A run that is interrupted has written the environments before.
        write(results);
      }
    }
    return results;
  }

  /** The cells of one environment are open at the same time, and measured in turn. */
  private void measure(
      List<Cell> cells, SystemsUnderTest systems, Results results, ProgressLine progress) {
    Map<Cell, SystemUnderTest> open = new LinkedHashMap<>();
    try {
      for (Cell cell : cells) {
        progress.note("opening " + cell.label());
        try {
          SystemUnderTest system = systems.open(cell);
          open.put(cell, system);
          // The first repetition is not counted: compilers and caches are still cold.
          system.run(seconds);
        } catch (GymException e) {
          results.fail(cell, String.valueOf(e.getMessage()));
        }
        progress.step();
      }
      List<Cell> order = new ArrayList<>(cells);
      for (int repeat = 0; repeat < repeats; repeat++) {
        // No system always comes after the same one.
        Collections.shuffle(order, new Random(repeat));
        for (Cell cell : order) {
          SystemUnderTest system = open.get(cell);
          if (system != null && !results.hasFailed(cell)) {
            progress.note(cell.label());
            run(cell, system, results);
          }
          progress.step();
        }
      }
    } finally {
      open.values().forEach(BenchBridgeCommand::close);
    }
  }

  private void run(Cell cell, SystemUnderTest system, Results results) {
    try {
      results.add(cell, system.run(seconds));
    } catch (GymException e) {
      results.fail(cell, String.valueOf(e.getMessage()));
    }
  }

  private static void close(SystemUnderTest system) {
    try {
      system.close();
    } catch (GymException e) {
      System.err.println("while closing: " + e.getMessage());
    }
  }

  private void write(Results results) {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("machine", RunFacts.machine());
    content.put("seconds", seconds);
    content.put("repeats", repeats);
    content.put("rows", results.rows());
    Outputs.json(json, content);
    if (report == null) {
      return;
    }
    String name = report.getFileName().toString().replaceFirst("\\.md$", "") + ".png";
    try {
      Optional<byte[]> chart = ScalingChart.png(results);
      if (chart.isPresent()) {
        Files.write(report.resolveSibling(name), chart.get());
      }
      Outputs.text(
          report,
          new MarkdownReport(results)
              .page(RunFacts.sentence(), RunFacts.command(spec), chart.isPresent() ? name : ""));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
