package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Space;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What is said about a training that goes wrong, and that nothing is said about a good one. */
class DiagnosisTest {
  private static final Progresses GOOD = Progresses.GOOD;
  private static final Space CHOICE = new Discrete(2);
  private static final Space FORCES = Box.of(DType.FLOAT32, -1, 1, 6);

  static Stream<Arguments> troubles() {
    return Stream.of(
        Arguments.of(
            GOOD.withDiscriminator(1, 0.995, 2), CHOICE, "the discriminator wins: accuracy 1.00"),
        Arguments.of(
            GOOD.withDiscriminator(0.52, 0.49, 0.05),
            CHOICE,
            "the discriminator is blind: accuracy 0.52, reward's deviation 0.05"),
        Arguments.of(
            GOOD.withDiscriminator(0.8, 0.8, 0),
            CHOICE,
            "no reward signal: learned reward's deviation 0.0e+00"),
        Arguments.of(GOOD.withEntropy(0.001), CHOICE, "policy has collapsed: entropy 0.00"),
        Arguments.of(GOOD.withEntropy(-20), FORCES, "policy has collapsed: entropy -20.00"),
        Arguments.of(
            GOOD.withUpdates(0.2, 0.1), CHOICE, "updates too large: KL 0.20, clip fraction 0.10"),
        Arguments.of(
            GOOD.withUpdates(0.02, 0.4), CHOICE, "updates too large: KL 0.02, clip fraction 0.40"),
        Arguments.of(GOOD.withUpdates(0, 0), CHOICE, "policy does not move: KL 0.0e+00"),
        Arguments.of(
            GOOD.withExplainedVariance(-0.5),
            CHOICE,
            "values explain nothing: explained variance -0.50"),
        Arguments.of(GOOD.withEpisodes(9, 9), CHOICE, "episodes end early: length 9.0"));
  }

  @ParameterizedTest
  @MethodSource("troubles")
  void trouble_is_named_once_it_has_shown_for_several_updates(
      Progresses bad, Space actions, String expected) {
    Diagnosis diagnosis = new Diagnosis(actions);
    diagnosis.add(GOOD.report());
    for (int update = 1; update < Diagnosis.PATIENCE; update++) {
      String said = diagnosis.add(bad.report());
      assertTrue(said.endsWith("loss -0.020"), said);
    }
    assertEquals(List.of(), diagnosis.news());
    String said = diagnosis.add(bad.report());
    assertTrue(said.endsWith(", " + expected), said);
    List<String> news = diagnosis.news();
    assertEquals(1, news.size());
    assertTrue(news.get(0).startsWith("  " + expected + ": "), news.get(0));
    // Advice is given once; the line goes on naming it, until it has passed.
    assertTrue(diagnosis.add(bad.report()).endsWith(expected));
    assertEquals(List.of(), diagnosis.news());
    assertTrue(diagnosis.add(GOOD.report()).endsWith("loss -0.020"));
  }

  @Test
  void nothing_is_said_about_a_training_that_goes_well() {
    for (Progresses good :
        List.of(
            GOOD,
            GOOD.withoutDiscriminator(),
            // A policy that has learned its task may leave nothing to chance.
            GOOD.withEpisodes(500, 500).withEntropy(0.001),
            // Reaching a goal sooner shortens episodes.
            GOOD.withEpisodes(90, 20))) {
      Diagnosis diagnosis = new Diagnosis(CHOICE);
      diagnosis.add(GOOD.report());
      for (int update = 0; update < 3 * Diagnosis.PATIENCE; update++) {
        assertEquals(
            "return %.1f, loss -0.020".formatted(good.meanReturn()), diagnosis.add(good.report()));
      }
      assertEquals(List.of(), diagnosis.news());
    }
  }

  @Test
  void updates_in_which_no_episode_ends_repeat_the_last_ones() {
    Diagnosis diagnosis = new Diagnosis(CHOICE);
    assertEquals(
        "return NaN, loss -0.020",
        diagnosis.add(GOOD.withEpisodes(Double.NaN, Double.NaN).report()));
    diagnosis.add(GOOD.report());
    diagnosis.add(GOOD.withEpisodes(9, 9).report());
    String said = "";
    for (int update = 1; update < Diagnosis.PATIENCE; update++) {
      said = diagnosis.add(GOOD.withEpisodes(Double.NaN, Double.NaN).report());
    }
    assertEquals("return 9.0, loss -0.020, episodes end early: length 9.0", said);
  }

  @Test
  void every_rule_is_documented() throws IOException {
    String documentation =
        Files.readString(Path.of(System.getProperty("gymbridge.root")).resolve("docs/learners.md"));
    for (Trouble trouble : Trouble.ALL) {
      assertTrue(documentation.contains("| " + trouble.name() + " |"), trouble.name());
    }
  }
}
