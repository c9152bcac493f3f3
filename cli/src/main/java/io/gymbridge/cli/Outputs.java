package io.gymbridge.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.WholeFile;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Writes results: whole or not at all. */
final class Outputs {
  static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private Outputs() {}

  /** Refuses, before any work is done, a file whose folder does not exist. */
  static void checkWritable(@Nullable Path file) {
    if (file == null) {
      return;
    }
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new UserError("cannot write " + file + ": its folder does not exist; make it first");
    }
    if (Files.isDirectory(file) || !Files.isWritable(Files.exists(file) ? file : folder)) {
      throw new UserError("cannot write " + file + ": it is a folder, or not writable");
    }
  }

  /** Writes JSON; nothing where {@code file} is null. */
  static void json(@Nullable Path file, Object content) {
    if (file == null) {
      return;
    }
    try {
      text(file, JSON.writeValueAsString(content) + "\n");
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  /** A reader sees the old file or the new one, never a part. */
  static void text(Path file, String content) {
    bytes(file, content.getBytes(StandardCharsets.UTF_8));
  }

  /** A reader sees the old file or the new one, never a part. */
  static void bytes(Path file, byte[] content) {
    try {
      WholeFile.write(file, out -> out.write(content));
    } catch (IOException e) {
      throw new UserError("cannot write " + file + ": " + e.getMessage(), e);
    }
  }

  /** Deletes a folder of files; nothing where {@code folder} is null. */
  static void deleteFolder(@Nullable Path folder) {
    if (folder == null) {
      return;
    }
    try (Stream<Path> inside = Files.walk(folder)) {
      inside.sorted(Comparator.reverseOrder()).forEach(path -> path.toFile().delete());
    } catch (IOException e) {
      System.err.println("cannot delete " + folder + ": " + e.getMessage());
    }
  }

  /** {@code {"return_mean", "return_sd", "episodes", "length_mean", "returns"}}. */
  static Map<String, Object> evaluation(Evaluation evaluation) {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("return_mean", evaluation.mean());
    fields.put("return_sd", evaluation.sd());
    fields.put("episodes", evaluation.episodes());
    fields.put("length_mean", evaluation.lengthMean());
    fields.put("returns", evaluation.returns());
    return fields;
  }
}
