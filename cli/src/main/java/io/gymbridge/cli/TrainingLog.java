package io.gymbridge.cli;

import io.gymbridge.learners.OnPolicy;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Writes down how training goes after each update, as CSV and for TensorBoard, whichever was asked
 * for. What was added is in the files, also when the process is killed. Not thread-safe.
 */
final class TrainingLog implements AutoCloseable {
  private final @Nullable TrainingCsv csv;
  private final @Nullable TensorBoardEvents events;

  /**
   * Begins, or goes on with what a resumed training has written before.
   *
   * @param csvFile null for none
   * @param eventsFolder null for none; each training, and each resumed one, has a file of its own
   * @param resumedAt steps that were made before; what earlier files say of later ones was undone.
   *     0 for a training from the start
   * @throws UserError if something cannot be written, or an earlier file has other columns
   */
  TrainingLog(@Nullable Path csvFile, @Nullable Path eventsFolder, long resumedAt, Clock clock) {
    try {
      csv = csvFile == null ? null : TrainingCsv.open(csvFile, resumedAt);
    } catch (IOException e) {
      throw new UserError("cannot write " + csvFile + ": " + e.getMessage(), e);
    }
    try {
      events = eventsFolder == null ? null : TensorBoardEvents.create(eventsFolder, host(), clock);
      if (events != null && resumedAt > 0) {
        events.restart(resumedAt + 1);
      }
    } catch (IOException e) {
      throw new UserError("cannot write to " + eventsFolder + ": " + e.getMessage(), e);
    }
  }

  private static String host() {
    try {
      return InetAddress.getLocalHost().getHostName();
    } catch (UnknownHostException e) {
      return "localhost";
    }
  }

  void add(OnPolicy.Progress now) {
    try {
      if (csv != null) {
        csv.add(now);
      }
      if (events != null) {
        Map<String, Double> scalars = new LinkedHashMap<>();
        for (Measure measure : Measure.ALL) {
          scalars.put(measure.tag(), measure.of().applyAsDouble(now));
        }
        events.scalars(now.steps(), scalars);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the log cannot be written: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    try {
      try {
        if (csv != null) {
          csv.close();
        }
      } finally {
        if (events != null) {
          events.close();
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException("the log cannot be written: " + e.getMessage(), e);
    }
  }
}
