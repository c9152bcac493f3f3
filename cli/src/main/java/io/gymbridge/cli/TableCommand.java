package io.gymbridge.cli;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import io.gymbridge.cli.table.Result;
import io.gymbridge.cli.table.Results;
import io.gymbridge.cli.table.Row;
import io.gymbridge.cli.table.TableReport;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The evidence: algorithms, tasks, demonstrations and seeds, each a training of its own. */
@Command(
    name = "table",
    mixinStandardHelpOptions = true,
    description = {
      "Trains every algorithm on every task with every seed, as a process of its own, and writes tables and curves of",
      "what came out. What has been run is kept and not run again; what was interrupted goes on where it was.",
      "Demonstrations come from the experts in experts/, if no others are named."
    },
    footer = {
      "",
      "Examples:",
      "  gymbridge table --only 'gail-CartPole.*' --seeds 0",
      "  gymbridge table --demos HalfCheetah-v5=cheetah.npz --expert HalfCheetah-v5=unix:expert.sock --jobs 2",
      "  gymbridge table --only nothing          (writes the report of what is there)"
    })
final class TableCommand implements Callable<Integer> {
  @Option(
      names = "--only",
      paramLabel = "REGEX",
      defaultValue = ".*",
      description = "Rows to run, by their names; --list shows these. Default: all.")
  String only = ".*";

  @Option(names = "--list", description = "Show the rows and what has been run, and run nothing.")
  boolean list;

  @Option(
      names = "--seeds",
      split = ",",
      paramLabel = "SEED",
      defaultValue = "0,1,2",
      description = "Default: ${DEFAULT-VALUE}.")
  List<Long> seeds = new ArrayList<>();

  @Option(
      names = "--jobs",
      paramLabel = "N",
      description = "Trainings at a time. Default: half the processors, since each uses two.")
  int jobs = Math.max(1, Runtime.getRuntime().availableProcessors() / 2);

  @Option(
      names = "--demos",
      paramLabel = "ID=FILE",
      description = "Demonstrations of an environment, instead of those of our own expert.")
  Map<String, Path> demos = new LinkedHashMap<>();

  @Option(
      names = "--expert",
      paramLabel = "ID=ADDRESS|FILE",
      description = "The expert that DAgger asks in an environment, instead of our own.")
  Map<String, String> experts = new LinkedHashMap<>();

  @Mixin TransportOption transport = new TransportOption();

  @Option(
      names = "--results",
      paramLabel = "DIR",
      defaultValue = "benchmarks/table",
      description = "A file for each training that is done. Default: ${DEFAULT-VALUE}.")
  Path folder = Path.of("");

  @Option(
      names = "--work",
      paramLabel = "DIR",
      defaultValue = "build/table",
      description = "Logs, policies and checkpoints of the trainings. Default: ${DEFAULT-VALUE}.")
  Path work = Path.of("");

  @Option(
      names = "--report",
      paramLabel = "FILE",
      defaultValue = "benchmarks/imitation.md",
      description =
          "Write tables there, and beside it the same as .html and .json, and curves as .png. Default: ${DEFAULT-VALUE}.")
  Path report = Path.of("");

  /** One training. */
  private record Cell(Row row, long seed) {
    String name() {
      return row.name() + "-seed" + seed;
    }
  }

  /** The resource. */
  private record Table(Map<String, String> sources, List<Row> rows) {}

  @Override
  public Integer call() throws Exception {
    Outputs.checkWritable(report);
    Table table = table();
    Pattern wanted = Pattern.compile(only);
    List<Cell> cells = new ArrayList<>();
    for (Row row : table.rows()) {
      for (long seed : seeds) {
        Cell cell = new Cell(row, seed);
        if (wanted.matcher(row.name()).matches() && !Files.exists(file(cell))) {
          cells.add(cell);
        }
      }
    }
    if (list) {
      for (Row row : table.rows()) {
        long done = seeds.stream().filter(seed -> Files.exists(file(new Cell(row, seed)))).count();
        System.out.printf("%-40s %d of %d seeds%n", row.name(), done, seeds.size());
      }
      return Main.OK;
    }
    Files.createDirectories(folder);
    Files.createDirectories(work);
    List<String> failed = run(cells);
    write(table);
    failed.forEach(System.err::println);
    return failed.isEmpty() ? Main.OK : Main.FAILED;
  }

  private static Table table() throws IOException {
    try (InputStream in =
        Objects.requireNonNull(TableCommand.class.getResourceAsStream("table/rows.json"))) {
      return Outputs.JSON.readValue(in, Table.class);
    }
  }

  private Path file(Cell cell) {
    return folder.resolve(cell.name() + ".json");
  }

  /** Runs what is missing; gives what failed and why. */
  private List<String> run(List<Cell> cells) throws InterruptedException {
    List<String> failed = new ArrayList<>();
    if (cells.isEmpty()) {
      return failed;
    }
    for (String env : new TreeSet<>(cells.stream().map(cell -> cell.row().env()).toList())) {
      prepare(env, cells.stream().filter(cell -> cell.row().env().equals(env)).toList());
    }
    ExecutorService pool = Executors.newFixedThreadPool(jobs);
    try (ProgressLine progress = new ProgressLine("trainings", cells.size())) {
      Map<Cell, Future<?>> running = new LinkedHashMap<>();
      for (Cell cell : cells) {
        running.put(
            cell,
            pool.submit(
                () -> {
                  progress.note(cell.name());
                  train(cell);
                  progress.step();
                }));
      }
      for (Map.Entry<Cell, Future<?>> each : running.entrySet()) {
        try {
          each.getValue().get();
        } catch (ExecutionException e) {
          failed.add(
              each.getKey().name() + ": " + Objects.requireNonNull(e.getCause()).getMessage());
        }
      }
    } finally {
      pool.shutdownNow();
    }
    return failed;
  }

  /** The references: random actions, and demonstrations, recorded where nobody brought any. */
  private void prepare(String env, List<Cell> cells) {
    Path random = folder.resolve("random-" + env + ".json");
    if (!Files.exists(random)) {
      child(
          "random-" + env,
          List.of("evaluate", "--policy", "random", "--env", env, "--json", random.toString()));
    }
    recordDemonstrations(env, cells);
    Path expert = folder.resolve("expert-" + env + ".json");
    Path demonstrations = demos.get(env);
    if (demonstrations != null && !Files.exists(expert)) {
      child(
          "expert-" + env,
          List.of("demos", demonstrations.toString(), "--env", env, "--json", expert.toString()));
    }
  }

  private void recordDemonstrations(String env, List<Cell> cells) {
    boolean wanted = cells.stream().anyMatch(cell -> cell.row().trajectories() != null);
    Path recorded = work.resolve("demos-" + env + ".npz");
    if (!wanted || demos.containsKey(env)) {
      return;
    }
    if (!Files.exists(recorded)) {
      child(
          "demos-" + env,
          List.of(
              "collect",
              "--env",
              env,
              "--expert",
              expert(env),
              "--stochastic",
              "--episodes",
              "25",
              "--out",
              recorded.toString()));
    }
    demos.put(env, recorded);
  }

  private String expert(String env) {
    String given = experts.get(env);
    if (given != null) {
      return given;
    }
    String home = System.getenv().getOrDefault("GYMBRIDGE_HOME", ".");
    return Path.of(home, "experts", env + ".zip").toString();
  }

  private void train(Cell cell) {
    Row row = cell.row();
    Path json = work.resolve(cell.name() + ".json");
    Path log = work.resolve(cell.name() + ".csv");
    List<String> command = new ArrayList<>(List.of("train", row.algorithm(), "--env", row.env()));
    command.addAll(List.of("--seed", String.valueOf(cell.seed())));
    if (row.preset()) {
      command.addAll(List.of("--preset", row.env()));
    }
    if (row.steps() != null) {
      command.addAll(List.of("--steps", row.steps().toString()));
    }
    if (row.set() != null) {
      row.set().forEach((key, value) -> command.addAll(List.of("--set", key + "=" + value)));
    }
    if (row.trajectories() != null) {
      command.addAll(List.of("--demos", Objects.requireNonNull(demos.get(row.env())).toString()));
      command.addAll(List.of("--trajectories", row.trajectories().toString()));
      command.addAll(List.of("--subsample", String.valueOf(row.subsample())));
    }
    if (row.algorithm().equals("dagger")) {
      command.addAll(List.of("--expert", expert(row.env())));
    }
    String said = "gymbridge " + String.join(" ", command);
    Path demonstrations = demos.get(row.env());
    if (demonstrations != null) {
      // Where it lies is nobody's business; what it is called is.
      said = said.replace(demonstrations.toString(), demonstrations.getFileName().toString());
    }
    String asked = experts.get(row.env());
    if (asked != null) {
      said = said.replace(asked, "ADDRESS");
    }
    boolean logged = !row.algorithm().equals("bc") && !row.algorithm().equals("dagger");
    if (logged) {
      command.addAll(List.of("--log", log.toString()));
    }
    if (!row.algorithm().equals("bc")) {
      command.addAll(List.of("--resume", "--checkpoint-episodes", "0"));
      command.addAll(List.of("--checkpoints", work.resolve(cell.name()).toString()));
    }
    command.addAll(List.of("--transport", transport.name()));
    command.addAll(List.of("--json", json.toString()));
    command.addAll(List.of("--out", work.resolve(cell.name() + ".zip").toString()));
    child(cell.name(), command);
    try {
      JsonNode evaluated = Outputs.JSON.readTree(json.toFile());
      Outputs.json(
          file(cell),
          new Result(
              row.name(),
              cell.seed(),
              numbers(evaluated.path("returns")),
              numbers(evaluated.path("sampled").path("returns")),
              evaluated.path("seconds").asDouble(),
              evaluated.has("queries") ? evaluated.path("queries").asLong() : null,
              logged ? curve(log) : List.of(),
              said));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static double[] numbers(JsonNode array) {
    double[] numbers = new double[array.size()];
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = array.get(i).asDouble();
    }
    return numbers;
  }

  /** At most a hundred points of a training's log, each the mean of those near it. */
  private static List<double[]> curve(Path log) throws IOException {
    List<String> lines = Files.readAllLines(log);
    List<double[]> points = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] fields = line.split(",", -1);
      double value = Double.parseDouble(fields[3]);
      if (!Double.isNaN(value)) {
        points.add(new double[] {Double.parseDouble(fields[0]), value});
      }
    }
    int step = Math.max(1, (points.size() + 99) / 100);
    List<double[]> thinned = new ArrayList<>();
    for (int from = 0; from < points.size(); from += step) {
      List<double[]> near = points.subList(from, Math.min(points.size(), from + step));
      thinned.add(
          new double[] {
            near.get(near.size() - 1)[0],
            near.stream().mapToDouble(point -> point[1]).average().orElse(Double.NaN)
          });
    }
    return thinned;
  }

  /** Runs this program as another process, its words going to a file; it dies with this one. */
  private void child(String name, List<String> arguments) {
    Path words = work.resolve(name + ".log");
    ProcessBuilder builder = new ProcessBuilder(ourselves(arguments));
    builder.redirectErrorStream(true).redirectOutput(words.toFile());
    builder.environment().remove("GYMBRIDGE_TERMINAL");
    try {
      Process process = builder.start();
      Thread hook = new Thread(process::destroy);
      Runtime.getRuntime().addShutdownHook(hook);
      try {
        int code = process.waitFor();
        if (code != 0) {
          throw new UserError("it ended with code %d; see %s".formatted(code, words));
        }
      } finally {
        process.destroy();
        Runtime.getRuntime().removeShutdownHook(hook);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserError("it was interrupted", e);
    }
  }

  private static List<String> ourselves(List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(ManagementFactory.getRuntimeMXBean().getInputArguments());
    command.addAll(List.of("-cp", System.getProperty("java.class.path"), Main.class.getName()));
    command.addAll(arguments);
    return command;
  }

  private void write(Table table) throws IOException {
    List<Result> all = new ArrayList<>();
    Map<String, Double> random = references("random-");
    Map<String, Double> expert = references("expert-");
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).sorted().toList()) {
        String name = file.getFileName().toString();
        if (!name.startsWith("random-") && !name.startsWith("expert-")) {
          all.add(Outputs.JSON.readValue(file.toFile(), new TypeReference<Result>() {}));
        }
      }
    }
    TableReport tables = new TableReport(new Results(table.rows(), all, random, expert), seeds);
    page(table, tables, random);
    TextTable text = new TextTable(tables.lines().get(0).toArray(String[]::new));
    tables.lines().stream().skip(1).forEach(line -> text.row(line.toArray(String[]::new)));
    System.out.println(text);
  }

  /** Mean returns by environment. */
  private Map<String, Double> references(String prefix) throws IOException {
    Map<String, Double> means = new TreeMap<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.startsWith(prefix)) {
          means.put(
              name.substring(prefix.length(), name.length() - ".json".length()),
              Outputs.JSON.readTree(file.toFile()).path("return_mean").asDouble());
        }
      }
    }
    return means;
  }

  private void page(Table table, TableReport tables, Map<String, Double> random)
      throws IOException {
    String stem = report.toString().replaceFirst("\\.md$", "");
    Report html = new Report("Learners, beside what was published");
    StringBuilder markdown = new StringBuilder("# Learners, beside what was published\n\n");
    String how =
        "Each figure is of the final policy, never of the best on the way: mean ± standard deviation of 20 episodes with "
            + "the likeliest actions; \"sampled\" is the mean with sampled ones. Seeds were fixed beforehand; all that were "
            + "run are shown. Normalised is (return − random) / (expert − random), the expert being the demonstrations, "
            + "the random returns "
            + String.join(
                ", ",
                random.entrySet().stream()
                    .map(e -> "%s %.1f".formatted(e.getKey(), e.getValue()))
                    .toList())
            + ". \"4 ×20\" are four trajectories of which each 20th transition is kept.";
    html.paragraph(how).table(textTable(tables.lines()));
    markdown.append(how).append("\n\n").append(TableReport.markdown(tables.lines()));
    html.heading("Interquartile means of normalised returns").table(textTable(tables.algorithms()));
    markdown
        .append("\n## Interquartile means of normalised returns\n\n")
        .append("Over all runs of all tasks; intervals by the stratified bootstrap.\n\n")
        .append(TableReport.markdown(tables.algorithms()));
    if (!tables.queries().isEmpty()) {
      html.heading("Questions to the expert").table(textTable(tables.queries()));
      markdown
          .append("\n## Questions to the expert\n\n")
          .append(TableReport.markdown(tables.queries()));
    }
    markdown.append("\n## While learning\n\n");
    for (Map.Entry<String, byte[]> chart : tables.charts().entrySet()) {
      Path png = Path.of(stem + "-" + chart.getKey() + ".png");
      Outputs.bytes(png, chart.getValue());
      html.picture("png", chart.getValue(), "Returns on " + chart.getKey());
      markdown.append("![%s](%s)%n".formatted(chart.getKey(), png.getFileName()));
    }
    markdown.append("\n## Sources\n\n");
    table.sources().forEach((key, text) -> markdown.append("- " + key + ": " + text + "\n"));
    html.heading("Sources");
    table.sources().forEach((key, text) -> html.paragraph(key + ": " + text));
    markdown.append(
        "\n`./gymbridge table` runs what is missing and writes this page; the single results, with their commands, are in "
            + "[table](table).\n");
    Outputs.text(report, markdown.toString());
    Outputs.text(Path.of(stem + ".html"), html.toHtml());
    Outputs.json(
        Path.of(stem + ".json"),
        Map.of(
            "rows",
            tables.lines(),
            "algorithms",
            tables.algorithms(),
            "queries",
            tables.queries(),
            "random",
            random));
  }

  private static TextTable textTable(List<List<String>> lines) {
    TextTable table = new TextTable(lines.get(0).toArray(String[]::new));
    lines.stream().skip(1).forEach(line -> table.row(line.toArray(String[]::new)));
    return table;
  }
}
