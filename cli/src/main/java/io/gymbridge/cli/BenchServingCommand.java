package io.gymbridge.cli;

import io.gymbridge.cli.bench.SystemUnderTest;
import io.gymbridge.cli.serving.BenchPolicy;
import io.gymbridge.cli.serving.Cell;
import io.gymbridge.cli.serving.LatencyChart;
import io.gymbridge.cli.serving.OverloadTrial;
import io.gymbridge.cli.serving.ServingReport;
import io.gymbridge.cli.serving.ServingResults;
import io.gymbridge.cli.serving.SteadyLoad;
import io.gymbridge.cli.serving.SwapTrial;
import io.gymbridge.cli.serving.Systems;
import io.gymbridge.core.GymException;
import java.io.IOException;
import java.lang.management.ManagementFactory;
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

/** Measures the policy server. */
@Command(
    name = "serving",
    mixinStandardHelpOptions = true,
    description = {
      "Asks a policy server, which serves a network of 17-256-256-6 units, in many ways: callers who wait for their",
      "answers, a steady load, and on wish other people's clients, beside MLServer with the same network. The repetitions",
      "of all are interleaved; tables show medians and their 95 %% confidence intervals.",
      "",
      "--swaps publishes new versions under load; --overload makes more calls than can be answered. The exit code is 5",
      "where an answer failed or came from the wrong version."
    },
    footer = {
      "",
      "Examples:",
      "  gymbridge bench serving --peers --swaps 100 --overload 60 --report serving.md --json serving.json",
      "  gymbridge bench serving --only \"stream|RemotePolicy\" --repeats 10"
    })
final class BenchServingCommand implements Callable<Integer> {
  private static final double[] SHARES = {0.1, 0.25, 0.5, 0.75, 0.9};
  private static final double OVERLOAD = 3;
  private static final int STREAMS = 32;

  /** Repetitions that are not counted, in which compilers and caches become warm. */
  private static final int WARM_UPS = 4;

  @Option(
      names = "--peers",
      description =
          "Measure tritonclient and, where it is found, ghz too, and MLServer; installs Python's packages into a virtual "
              + "environment of their own.")
  boolean peers;

  @Option(
      names = "--swaps",
      paramLabel = "N",
      defaultValue = "0",
      description = "Publish so many versions under a load of half the capacity.")
  int swaps;

  @Option(
      names = "--swap-window",
      paramLabel = "SECONDS",
      defaultValue = "0.3",
      description =
          "Every other window of this length begins with a swap. Default: ${DEFAULT-VALUE}.")
  double swapWindow;

  @Option(
      names = "--overload",
      paramLabel = "SECONDS",
      defaultValue = "0",
      description = "Make three times the calls that can be answered, for so long.")
  double overload;

  @Option(
      names = "--only",
      paramLabel = "PATTERN",
      defaultValue = "",
      description = "Only lines in whose label this regular expression is found.")
  String only = "";

  @Option(names = "--list", description = "Print the labels, and measure nothing.")
  boolean list;

  @Option(
      names = "--seconds",
      defaultValue = "0.5",
      description = "Of each repetition. Default: ${DEFAULT-VALUE}.")
  double seconds;

  @Option(
      names = "--repeats",
      defaultValue = "5",
      description = "Repetitions of each line. Default: ${DEFAULT-VALUE}.")
  int repeats;

  @Option(names = "--json", paramLabel = "FILE", description = "Write all figures there.")
  @Nullable Path json;

  @Option(
      names = "--report",
      paramLabel = "FILE.md",
      description = "Write the tables there, and a chart beside it.")
  @Nullable Path report;

  @Spec @Nullable CommandSpec spec;

  /** Processes that wanted a processor, on average over the minute before; negative if unknown. */
  private final double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();

  @Override
  public Integer call() throws IOException {
    check();
    List<Cell> cells = cells();
    if (list) {
      cells.forEach(cell -> System.out.println(cell.label()));
      return Main.OK;
    }
    ServingResults results = new ServingResults(cells);
    Path folder = Files.createTempDirectory("gymbridge-serving");
    boolean correct = true;
    long steps = cells.size() * (repeats + 1L) + swaps + SHARES.length + (overload > 0 ? 1 : 0);
    try (ProgressLine progress = new ProgressLine("serving", steps);
        Systems systems = new Systems(Main.class, folder, BenchPolicy.create(1), progress::note)) {
      measure(cells, systems, results, progress);
      steady(systems, results, progress);
      correct = swap(systems, results, progress);
      overload(systems, results, progress);
    } finally {
      Outputs.deleteFolder(folder);
      // What has been measured is there, whatever went wrong then.
      write(results);
    }
    System.out.print(new ServingReport(results).tables());
    return correct ? Main.OK : Main.SHORT;
  }

  private void check() {
    Outputs.checkWritable(json);
    Outputs.checkWritable(report);
    if (!(seconds > 0 && seconds <= 60 && swapWindow > 0 && swapWindow <= 60)) {
      throw new UserError(
          "--seconds and --swap-window must be more than 0 and at most 60, got %s and %s"
              .formatted(seconds, swapWindow));
    }
    if (repeats < 1 || swaps < 0 || !(overload >= 0)) {
      throw new UserError(
          "--repeats must be at least 1, --swaps and --overload not negative, got %d, %d and %s"
              .formatted(repeats, swaps, overload));
    }
  }

  private List<Cell> cells() {
    try {
      Pattern pattern = Pattern.compile(only);
      List<Cell> cells =
          Cell.all(peers).stream().filter(cell -> pattern.matcher(cell.label()).find()).toList();
      if (cells.isEmpty()) {
        throw new UserError("--only \"%s\" leaves nothing; see --list".formatted(only));
      }
      return cells;
    } catch (PatternSyntaxException e) {
      throw new UserError("--only: " + e.getMessage(), e);
    }
  }

  private void measure(
      List<Cell> cells, Systems systems, ServingResults results, ProgressLine progress) {
    Map<Cell, SystemUnderTest> open = new LinkedHashMap<>();
    for (Cell cell : cells) {
      progress.note("opening " + cell.label());
      try {
        SystemUnderTest system = systems.open(cell);
        open.put(cell, system);
        for (int i = 0; i < WARM_UPS; i++) {
          system.run(seconds);
        }
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
          try {
            results.add(cell, system.run(seconds));
          } catch (GymException e) {
            results.fail(cell, String.valueOf(e.getMessage()));
          }
        }
        progress.step();
      }
    }
  }

  private void steady(Systems systems, ServingResults results, ProgressLine progress) {
    progress.note("a steady load");
    double capacity = SteadyLoad.capacity(systems.server().address(), STREAMS, seconds);
    for (double share : SHARES) {
      results.addSteady(
          SteadyLoad.streams(
              systems.server().address(), STREAMS, share * capacity, capacity, 2 * seconds));
      progress.step();
    }
  }

  private boolean swap(Systems systems, ServingResults results, ProgressLine progress) {
    if (swaps == 0) {
      return true;
    }
    progress.note("making %d versions".formatted(swaps));
    List<BenchPolicy> versions = new ArrayList<>();
    for (int seed = 1; seed <= swaps + 1; seed++) {
      versions.add(BenchPolicy.create(seed));
    }
    double rate = SteadyLoad.capacity(systems.server().address(), STREAMS, seconds) / 2;
    progress.note("swaps at %.0f questions/s".formatted(rate));
    SwapTrial.Result result =
        new SwapTrial(systems.server().address(), versions, rate, swapWindow, STREAMS)
            .run(progress::step);
    results.set(result);
    return result.correct();
  }

  private void overload(Systems systems, ServingResults results, ProgressLine progress) {
    if (overload > 0) {
      progress.note("overload");
      results.set(OverloadTrial.run(systems.server(), OVERLOAD, overload));
      progress.step();
    }
  }

  private void write(ServingResults results) throws IOException {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("machine", RunFacts.machine());
    content.put("load_average_before", load);
    content.put("seconds", seconds);
    content.put("repeats", repeats);
    content.putAll(results.fields());
    Outputs.json(json, content);
    if (report == null) {
      return;
    }
    String name = report.getFileName().toString().replaceFirst("\\.md$", "") + ".png";
    Optional<byte[]> chart = LatencyChart.png(results);
    if (chart.isPresent()) {
      Outputs.bytes(report.resolveSibling(name), chart.get());
    }
    Outputs.text(
        report,
        new ServingReport(results)
            .page(
                "%s Load average before: %.1f.".formatted(RunFacts.sentence(), load),
                RunFacts.command(spec),
                chart.isPresent() ? name : ""));
  }
}
