package io.gymbridge.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Properties;
import java.util.TreeSet;

/**
 * Settings that were found to work, by algorithm and environment: files of {@code key=value} lines,
 * ours among the resources, or anybody's.
 */
final class Presets {
  private Presets() {}

  /**
   * Reads a preset.
   *
   * @param algorithm such as {@code gail}
   * @param name an environment's id that has one of ours, or a file
   */
  static Map<String, String> read(String algorithm, String name) {
    Properties read = new Properties();
    try {
      Path file = Path.of(name);
      if (Files.isRegularFile(file)) {
        try (Reader reader = Files.newBufferedReader(file, StandardCharsets.UTF_8)) {
          read.load(reader);
        }
      } else {
        try (InputStream in =
            Presets.class.getResourceAsStream(
                "presets/%s/%s.properties".formatted(algorithm, name))) {
          if (in == null) {
            throw new UserError(
                "--preset %s: there is no such file, and no preset of that name for %s"
                    .formatted(name, algorithm));
          }
          read.load(in);
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new UserError("--preset " + name + " cannot be read: " + e.getMessage(), e);
    }
    Map<String, String> settings = new LinkedHashMap<>();
    for (String key : new TreeSet<>(read.stringPropertyNames())) {
      settings.put(key, read.getProperty(key).strip());
    }
    return settings;
  }
}
