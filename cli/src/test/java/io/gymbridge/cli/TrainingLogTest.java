package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainingLogTest {
  private static final Clock CLOCK = Clock.fixed(Instant.ofEpochSecond(1), ZoneOffset.UTC);

  @TempDir Path folder = Path.of("");

  private Path csv() {
    return folder.resolve("log.csv");
  }

  private void log(long resumedAt, long... steps) {
    try (TrainingLog log = new TrainingLog(csv(), folder.resolve("tb"), resumedAt, CLOCK)) {
      for (long at : steps) {
        log.add(Progresses.GOOD.withoutDiscriminator().at(at).report());
      }
    }
  }

  private List<String> firstColumn() throws IOException {
    return Files.readAllLines(csv()).stream().map(line -> line.split(",", -1)[0]).toList();
  }

  private List<Path> eventFiles() throws IOException {
    try (Stream<Path> files = Files.list(folder.resolve("tb"))) {
      return files.sorted().toList();
    }
  }

  @Test
  void an_update_is_a_line_of_csv_and_a_point_in_each_chart() throws IOException {
    log(0, 2048);
    List<String> lines = Files.readAllLines(csv());
    assertTrue(lines.get(0).startsWith("steps,updates,episodes,mean_return,"), lines.get(0));
    assertEquals(
        "2048,1,3,50,50,-0.0200000,0.500000,0.600000,0.0100000,0.100000,0.800000,"
            + "NaN,NaN,NaN,1,-1,0,NaN",
        lines.get(1));
    List<TensorBoardEventsTest.Event> events = TensorBoardEventsTest.read(eventFiles().get(0));
    assertEquals(2048, events.get(1).step());
    assertEquals(0.6f, events.get(1).scalars().get("train/entropy"));
    assertTrue(!events.get(1).scalars().containsKey("discriminator/loss"));
  }

  @Test
  void a_resumed_training_drops_what_was_undone_and_goes_on() throws IOException {
    log(0, 2048, 4096, 6144);
    // The process was killed while it wrote.
    Files.writeString(csv(), "40", StandardOpenOption.APPEND);
    log(4096, 6144, 8192);
    assertEquals(List.of("steps", "2048", "4096", "6144", "8192"), firstColumn());
    assertEquals(2, eventFiles().size());
    List<TensorBoardEventsTest.Event> second = TensorBoardEventsTest.read(eventFiles().get(1));
    assertEquals(1, second.get(1).start());
    assertEquals(4097, second.get(1).step());
    assertEquals(6144, second.get(2).step());
  }

  @Test
  void a_training_from_the_start_begins_the_file_anew() throws IOException {
    log(0, 2048, 4096);
    log(0, 2048);
    assertEquals(List.of("steps", "2048"), firstColumn());
  }

  @Test
  void a_resumed_training_without_an_earlier_file_begins_one() throws IOException {
    log(4096, 6144);
    assertEquals(List.of("steps", "6144"), firstColumn());
  }

  @Test
  void another_file_is_left_alone() throws IOException {
    Files.writeString(csv(), "a,b\n1,2\n");
    UserError error = assertThrows(UserError.class, () -> log(4096, 6144));
    assertTrue(error.getMessage().contains("its columns are not those"), error.getMessage());
    assertEquals(List.of("a,b", "1,2"), Files.readAllLines(csv()));
  }
}
