package io.gymbridge.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.logging.ConsoleHandler;
import java.util.logging.Formatter;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;

/**
 * What the log has, and in which form: it goes to standard error, which is otherwise for progress
 * and errors, so that libraries speak up only when something is wrong.
 */
final class Logs {
  /** Held, since settings of loggers that nobody holds are lost. */
  private static final Logger ROOT = Logger.getLogger("");

  private static final Logger OURS = Logger.getLogger("io.gymbridge");

  /** Of what it does not know in an HDF5 file; what matters is an error of the reader. */
  private static final Logger HDF5 = Logger.getLogger("io.jhdf");

  /** Else any stranger's malformed frame costs a server a page of its log. */
  private static final Logger CONNECTIONS = Logger.getLogger("io.grpc.netty");

  private static final ObjectMapper JSON = new ObjectMapper();

  /** How an event is written. */
  enum Format {
    /** A line for people: warnings and errors. */
    TEXT,
    /**
     * A JSON object a line: {@code time}, {@code level}, {@code logger}, {@code message}, {@code
     * error}.
     */
    JSON
  }

  private Logs() {}

  /** From now on in this form. */
  static void use(Format format) {
    for (Handler handler : ROOT.getHandlers()) {
      ROOT.removeHandler(handler);
    }
    ConsoleHandler handler = new ConsoleHandler();
    handler.setLevel(Level.ALL);
    handler.setFormatter(format == Format.JSON ? new JsonLines() : new Lines());
    ROOT.addHandler(handler);
    ROOT.setLevel(Level.WARNING);
    OURS.setLevel(format == Format.JSON ? Level.INFO : Level.WARNING);
    HDF5.setLevel(Level.SEVERE);
    CONNECTIONS.setLevel(Level.SEVERE);
  }

  private static String level(LogRecord event) {
    int level = event.getLevel().intValue();
    return level >= Level.SEVERE.intValue()
        ? "ERROR"
        : level >= Level.WARNING.intValue() ? "WARN" : "INFO";
  }

  private static @Nullable String stackTrace(LogRecord event) {
    Throwable thrown = event.getThrown();
    if (thrown == null) {
      return null;
    }
    StringWriter text = new StringWriter();
    thrown.printStackTrace(new PrintWriter(text));
    return text.toString();
  }

  private static final class Lines extends Formatter {
    @Override
    public String format(LogRecord event) {
      String logger = String.valueOf(event.getLoggerName());
      String trace = stackTrace(event);
      return "%s %s - %s%n%s"
          .formatted(
              level(event),
              logger.substring(logger.lastIndexOf('.') + 1),
              formatMessage(event),
              trace == null ? "" : trace);
    }
  }

  /** One line for an event, whatever is in it. */
  static final class JsonLines extends Formatter {
    @Override
    public String format(LogRecord event) {
      Map<String, String> fields = new LinkedHashMap<>();
      fields.put("time", event.getInstant().toString());
      fields.put("level", level(event));
      fields.put("logger", String.valueOf(event.getLoggerName()));
      fields.put("message", formatMessage(event));
      String trace = stackTrace(event);
      if (trace != null) {
        fields.put("error", trace);
      }
      try {
        return JSON.writeValueAsString(fields) + "\n";
      } catch (JsonProcessingException e) {
        throw new IllegalStateException("a map of texts always has a JSON form", e);
      }
    }
  }
}
