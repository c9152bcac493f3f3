package io.gymbridge.cli.learning;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class LearnerReportTest {
  private static final Cell OURS = new Cell(Algorithm.GAIL, "CartPole-v1", Subject.GYMBRIDGE);
  private static final Cell PEER = new Cell(Algorithm.GAIL, "CartPole-v1", Subject.IMITATION);

  private final LearnerResults results = new LearnerResults(List.of(OURS, PEER));

  private void measure(double share) {
    // The machine halves its speed, and the ratio is the same.
    for (double speed : new double[] {1, 0.5, 1}) {
      results.add(OURS, Map.of("per_second", 40_000 * speed));
      results.add(PEER, Map.of("per_second", 10_000 * speed, "cpu_share", share));
    }
  }

  @Test
  void a_line_has_both_speeds_their_ratio_and_the_target() {
    measure(0.99);
    String table = new LearnerReport(results).tables();
    assertTrue(
        table.contains("| 40,000 [20,000, 40,000] | imitation | 10,000 [5,000, 10,000] |"), table);
    assertTrue(table.contains("| 4.0 [4.0, 4.0] |  ≥ 3.0 |     yes |"), table);
    assertFalse(table.contains("measure again"), table);
  }

  @Test
  void a_busy_machine_is_told_of() {
    measure(0.35);
    String table = new LearnerReport(results).tables();
    assertTrue(table.contains("at least 35 % of the time. Something else was running"), table);
  }

  @Test
  void what_failed_has_no_ratio_and_a_reason() {
    measure(0.99);
    results.fail(PEER, "no wheel");
    LearnerReport report = new LearnerReport(results);
    assertTrue(report.tables().contains("Not measured: gail CartPole-v1 imitation: no wheel"));
    assertTrue(results.ratio(OURS).isEmpty());
    assertEquals("no wheel", results.rows().get(1).get("not_measured"));
  }

  @Test
  void a_row_names_algorithm_environment_and_system() {
    measure(0.99);
    Map<String, Object> row = results.rows().get(1);
    assertEquals("gail", row.get("algorithm"));
    assertEquals("CartPole-v1", row.get("env"));
    assertEquals("imitation", row.get("system"));
    assertEquals(10_000.0, row.get("per_second"));
    assertEquals("steps", row.get("unit"));
  }

  @Test
  void a_page_says_how_it_was_made() {
    measure(0.99);
    String page =
        new LearnerReport(results).page("2 processors.", "8 environments.", "./gymbridge x");
    assertTrue(page.startsWith("# The learners beside others\n\n2 processors.\n"), page);
    assertTrue(page.contains("\n    ./gymbridge x\n\n8 environments.\n\n| algorithm"), page);
  }
}
