package io.gymbridge.cli;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;

/** What must be known of a measurement to judge it: the machine, and what was typed. */
final class RunFacts {
  private RunFacts() {}

  static Map<String, Object> machine() {
    Map<String, Object> machine = new LinkedHashMap<>();
    machine.put("processors", Runtime.getRuntime().availableProcessors());
    for (String property : List.of("os.name", "os.version", "java.version")) {
      machine.put(property, System.getProperty(property));
    }
    return machine;
  }

  /** The machine in a sentence. */
  static String sentence() {
    return "%s processors, %s %s, Java %s.".formatted(machine().values().toArray());
  }

  static String command(@Nullable CommandSpec spec) {
    List<String> words = new ArrayList<>(List.of("./gymbridge"));
    if (spec != null) {
      spec.commandLine().getParseResult().originalArgs().stream()
          .map(word -> word.matches("[\\w./,=:-]+") ? word : "'" + word + "'")
          .forEach(words::add);
    }
    return String.join(" ", words);
  }
}
