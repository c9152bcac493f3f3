package io.gymbridge.cli;

import io.gymbridge.learners.OnPolicy;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/** A line of CSV for every update, below the names of {@link Measure#ALL}. Not thread-safe. */
final class TrainingCsv implements AutoCloseable {
  private static final String HEADER =
      "steps,updates," + Measure.ALL.stream().map(Measure::column).collect(Collectors.joining(","));

  private final Writer writer;

  private TrainingCsv(Writer writer) {
    this.writer = writer;
  }

  /**
   * Begins a file, or goes on with one.
   *
   * @param resumedAt 0 to begin; otherwise the number of steps whose lines stay, where the file
   *     exists
   * @throws UserError if a file that is gone on with has other columns
   */
  static TrainingCsv open(Path file, long resumedAt) throws IOException {
    List<String> lines = new ArrayList<>(List.of(HEADER));
    if (resumedAt > 0 && Files.exists(file)) {
      lines = kept(file, resumedAt);
    }
    Outputs.text(file, String.join("\n", lines) + "\n");
    return new TrainingCsv(Files.newBufferedWriter(file, StandardOpenOption.APPEND));
  }

  private static List<String> kept(Path file, long resumedAt) throws IOException {
    List<String> lines = Files.readAllLines(file);
    if (lines.isEmpty() || !lines.get(0).equals(HEADER)) {
      throw new UserError(
          "--log %s: its columns are not those of this training; expected %s, or no file"
              .formatted(file, HEADER));
    }
    return lines.stream().filter(line -> line.equals(HEADER) || steps(line) <= resumedAt).toList();
  }

  /** A line that was cut short when the process ended is later than all others. */
  private static long steps(String line) {
    int columns = line.split(",", -1).length;
    return columns == Measure.ALL.size() + 2
        ? Long.parseLong(line.substring(0, line.indexOf(',')))
        : Long.MAX_VALUE;
  }

  void add(OnPolicy.Progress now) throws IOException {
    StringBuilder line = new StringBuilder();
    line.append(now.steps()).append(',').append(now.updates());
    for (Measure measure : Measure.ALL) {
      double value = measure.of().applyAsDouble(now);
      boolean whole = value == Math.rint(value) && Math.abs(value) < 1e9;
      line.append(',').append(String.format(Locale.ROOT, whole ? "%.0f" : "%.6g", value));
    }
    writer.write(line.append('\n').toString());
    writer.flush();
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }
}
