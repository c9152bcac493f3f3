package io.gymbridge.cli.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gymbridge.core.GymException;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A process of {@code benchmarks/bridge/runner.py}, or of a script that goes by its requests, and
 * the systems that it has open. It ends with this process at the latest, as its standard input
 * does.
 */
public final class PythonRunner implements AutoCloseable {
  /** What keeps libraries from using more than one thread each, the same for all. */
  public static final Map<String, String> ONE_THREAD =
      Map.of(
          "OMP_NUM_THREADS", "1",
          "OPENBLAS_NUM_THREADS", "1",
          "MKL_NUM_THREADS", "1",
          "NUMEXPR_NUM_THREADS", "1");

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int ANSWER_SECONDS = 120;
  private static final int KEPT_LINES = 5;
  private static final String END = "";

  private final Process process;
  private final Writer requests;
  private final BlockingQueue<String> answers = new LinkedBlockingQueue<>();
  private final Deque<String> errors = new ArrayDeque<>();
  private int opened;

  /**
   * Starts it.
   *
   * @param interpreter a Python that has what the systems need
   * @param script that answers the requests
   * @param directory where it may leave files behind
   */
  public PythonRunner(String interpreter, Path script, Path directory) {
    ProcessBuilder builder = new ProcessBuilder(interpreter, script.toString());
    builder.directory(directory.toFile());
    builder.environment().putAll(ONE_THREAD);
    try {
      process = builder.start();
    } catch (IOException e) {
      throw failure("cannot start %s: %s".formatted(interpreter, e.getMessage()), e);
    }
    requests = process.outputWriter(StandardCharsets.UTF_8);
    read(process.inputReader(StandardCharsets.UTF_8), answers::add, () -> answers.add(END));
    read(process.errorReader(StandardCharsets.UTF_8), this::keep, () -> {});
  }

  /**
   * Opens a system.
   *
   * @param cell fields of the {@code Cell} that the script knows
   * @throws GymException UNAVAILABLE with the reason
   */
  public SystemUnderTest open(Map<String, Object> cell) {
    int number = opened++;
    ask(Map.of("open", number, "cell", cell), ANSWER_SECONDS);
    return new SystemUnderTest() {
      @Override
      public Map<String, Double> run(double seconds) {
        Map<String, Double> figures = new LinkedHashMap<>();
        ask(Map.of("run", number, "seconds", seconds), ANSWER_SECONDS + (long) seconds)
            .properties()
            .forEach(figure -> figures.put(figure.getKey(), figure.getValue().asDouble()));
        return figures;
      }

      @Override
      public void close() {
        ask(Map.of("close", number), ANSWER_SECONDS);
      }
    };
  }

  private JsonNode ask(Map<String, Object> request, long seconds) {
    try {
      requests.write(JSON.writeValueAsString(request) + "\n");
      requests.flush();
      String line = answers.poll(seconds, TimeUnit.SECONDS);
      if (line == null) {
        process.destroyForcibly();
        throw failure("no answer within %d s".formatted(seconds), null);
      }
      if (line.equals(END)) {
        answers.add(END);
        throw failure("its process ended: " + lastErrors(), null);
      }
      JsonNode answer = JSON.readTree(line);
      if (answer.has("error")) {
        throw failure(answer.get("error").asText(), null);
      }
      return answer;
    } catch (JsonProcessingException e) {
      throw failure("no JSON: " + e.getOriginalMessage(), e);
    } catch (IOException e) {
      throw failure("its process ended: " + lastErrors(), e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failure("interrupted", e);
    }
  }

  private static GymException failure(String message, @Nullable Throwable cause) {
    return new GymException(GymException.Kind.UNAVAILABLE, message, null, cause);
  }

  private String lastErrors() {
    synchronized (errors) {
      return String.join(" | ", errors);
    }
  }

  private void keep(String line) {
    synchronized (errors) {
      errors.addLast(line);
      if (errors.size() > KEPT_LINES) {
        errors.removeFirst();
      }
    }
  }

  private static void read(BufferedReader from, Consumer<String> line, Runnable end) {
    Thread thread =
        new Thread(
            () -> {
              try (from) {
                from.lines().forEach(line);
              } catch (IOException | UncheckedIOException e) {
                // The process is gone, and its output with it.
              } finally {
                end.run();
              }
            },
            "gymbridge-bench-reader");
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    try {
      requests.close();
      if (process.waitFor(5, TimeUnit.SECONDS)) {
        return;
      }
    } catch (IOException e) {
      // It has ended already.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }
}
