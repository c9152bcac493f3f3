package io.gymbridge.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import io.gymbridge.core.GymException;
import io.gymbridge.learners.Resumable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A folder of a training's saved states: {@code run.json} says of which training, {@code
 * checkpoint-STEPS.bin} are the last few, {@code evaluations.csv} says how good each was.
 */
final class Checkpoints {
  private static final Pattern NAME = Pattern.compile("checkpoint-(\\d+)\\.bin");
  private static final String HEADER = "steps,return_mean,return_sd\n";

  private final Path folder;
  private final int keep;
  private final TreeMap<Long, String> evaluations = new TreeMap<>();
  private double best = Double.NEGATIVE_INFINITY;

  private Checkpoints(Path folder, int keep) {
    this.folder = folder;
    this.keep = keep;
  }

  /**
   * Begins a folder, or goes on with it.
   *
   * @param run what the training is made from; on resuming it has to be the same
   * @param resume where it is false, the folder must not hold another training
   */
  static Checkpoints open(Path folder, int keep, Map<String, ?> run, boolean resume) {
    Path description = folder.resolve("run.json");
    try {
      Files.createDirectories(folder);
      if (Files.exists(description)) {
        if (!resume) {
          throw new UserError(
              folder
                  + " holds a training already: go on with it by --resume, or name another folder");
        }
        checkSame(folder, Files.readString(description), run);
      }
    } catch (IOException e) {
      throw new UserError("cannot use " + folder + ": " + e.getMessage(), e);
    }
    Outputs.json(description, run);
    return new Checkpoints(folder, keep);
  }

  private static void checkSame(Path folder, String saved, Map<String, ?> run)
      throws JsonProcessingException {
    TypeReference<Map<String, Object>> type = new TypeReference<>() {};
    Map<String, Object> before = Outputs.JSON.readValue(saved, type);
    Map<String, Object> now = Outputs.JSON.readValue(Outputs.JSON.writeValueAsString(run), type);
    checkSame(folder, before, now);
  }

  private static void checkSame(Path folder, Map<?, ?> before, Map<?, ?> now) {
    Set<Object> keys = new LinkedHashSet<>(before.keySet());
    keys.addAll(now.keySet());
    for (Object key : keys) {
      Object then = before.get(key);
      Object today = now.get(key);
      if (then instanceof Map<?, ?> inner && today instanceof Map<?, ?> others) {
        checkSame(folder, inner, others);
      } else if (!Objects.equals(then, today)) {
        throw new UserError(
            "the training in %s was begun %s, not %s: a resumed training has to be the same"
                .formatted(
                    folder,
                    then == null
                        ? "without " + key + ", by another version maybe"
                        : "with " + key + " " + then,
                    today));
      }
    }
  }

  /**
   * Restores the last checkpoint that can be read; nothing where there is none.
   *
   * @throws UserError where there are some, and none can be read: a training that began anew would
   *     delete them
   */
  void restore(Resumable training) {
    NavigableSet<Long> all = saved();
    for (long steps : all.descendingSet()) {
      Path file = file(steps);
      try {
        training.restore(Files.readAllBytes(file));
        readEvaluations(steps);
        System.err.printf("  going on after %d steps, from %s%n", steps, file);
        return;
      } catch (IOException | GymException e) {
        System.err.printf("  %s cannot be used: %s%n", file, e.getMessage());
      }
    }
    if (!all.isEmpty()) {
      throw new UserError(
          "none of the %d checkpoints in %s can be used: name another folder, or remove this one"
              .formatted(all.size(), folder));
    }
  }

  /** Writes a checkpoint, and forgets the oldest. */
  void save(Resumable training) {
    Outputs.bytes(file(training.steps()), training.save());
    NavigableSet<Long> all = saved();
    while (all.size() > keep) {
      file(Objects.requireNonNull(all.pollFirst())).toFile().delete();
    }
  }

  /**
   * Notes how good the policy is.
   *
   * @return whether it is better than all before
   */
  boolean evaluated(long steps, double mean, double sd) {
    evaluations.put(steps, "%d,%s,%s%n".formatted(steps, mean, sd));
    StringBuilder lines = new StringBuilder(HEADER);
    evaluations.values().forEach(lines::append);
    Outputs.text(folder.resolve("evaluations.csv"), lines.toString());
    boolean better = mean > best;
    best = Math.max(best, mean);
    return better;
  }

  Path best() {
    return folder.resolve("best.zip");
  }

  private void readEvaluations(long upTo) throws IOException {
    Path file = folder.resolve("evaluations.csv");
    if (!Files.exists(file)) {
      return;
    }
    List<String> lines = Files.readAllLines(file, StandardCharsets.UTF_8);
    for (String line : lines.subList(1, lines.size())) {
      String[] fields = line.split(",", -1);
      long steps = Long.parseLong(fields[0]);
      if (steps <= upTo) {
        evaluations.put(steps, line + "\n");
        best = Math.max(best, Double.parseDouble(fields[1]));
      }
    }
  }

  private Path file(long steps) {
    return folder.resolve("checkpoint-%012d.bin".formatted(steps));
  }

  private NavigableSet<Long> saved() {
    TreeSet<Long> steps = new TreeSet<>();
    try (Stream<Path> files = Files.list(folder)) {
      files.forEach(
          file -> {
            Matcher matcher = NAME.matcher(String.valueOf(file.getFileName()));
            if (matcher.matches()) {
              steps.add(Long.parseLong(matcher.group(1)));
            }
          });
    } catch (IOException e) {
      throw new UserError("cannot list " + folder + ": " + e.getMessage(), e);
    }
    return steps;
  }
}
