package io.gymbridge.cli.bridge;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class ResultsTest {
  private static final Workload ENV = Workload.HALF_CHEETAH;
  private static final Cell LOOP = Cell.reference(ENV, Kind.LOOP, 1);
  private static final Cell SYNC = Cell.reference(ENV, Kind.SYNC, 16);
  private static final Cell BRIDGE = new Cell(ENV, Kind.JAVA_PYTHON, Transport.SHM, 16, 2);
  private static final Cell PEER = Cell.peer(ENV, Kind.ENVPOOL, 16, 2);

  private final Results results = new Results(List.of(LOOP, SYNC, BRIDGE, PEER));

  private void add(Cell cell, double rate, double callMicros) {
    results.add(
        cell,
        Map.of(Results.RATE, rate, Results.CALL_P50, callMicros, Results.CALL_P99, 2 * callMicros));
  }

  @Test
  void beyond_is_the_call_without_as_many_environments_in_one_process() {
    add(SYNC, 10_000, 1_600);
    add(BRIDGE, 20_000, 1_700);
    add(SYNC, 10_000, 1_500);
    add(BRIDGE, 20_000, 1_400);
    assertArrayEquals(new double[] {100, -100}, results.beyond(BRIDGE).orElseThrow());
    assertTrue(results.beyond(SYNC).isEmpty());
  }

  @Test
  void a_call_is_split_into_ideal_slower_and_bridge() {
    add(LOOP, 10_000, 100);
    results.add(BRIDGE, Map.of(Results.CALL_P50, 1_500.0, "environment_us_p50", 1_100.0));
    Breakdown parts = Breakdown.of(results, BRIDGE).orElseThrow();
    assertEquals(new Breakdown(BRIDGE, 800, 300, 400), parts);
    assertEquals("the environments themselves", parts.limit());
    assertTrue(Breakdown.of(results, SYNC).isEmpty());
  }

  @Test
  void what_failed_is_a_row_with_the_reason_and_no_figures() {
    add(PEER, 1, 1);
    results.fail(PEER, "no wheel | for this machine");
    assertEquals(List.of(), results.measured());
    assertEquals("no wheel | for this machine", results.rows().get(0).get("not_measured"));
    assertTrue(
        new MarkdownReport(results)
            .tables()
            .contains("| HalfCheetah-v5 EnvPool 16x2 | no wheel for this machine |"));
  }

  @Test
  void targets_without_their_cells_are_not_measured() {
    add(SYNC, 10_000, 1_600);
    add(BRIDGE, 25_000, 640);
    List<Targets.Target> targets = Targets.of(results);
    Targets.Target sync =
        targets.stream()
            .filter(
                target ->
                    target.claim().equals("HalfCheetah-v5 ×16, 2 workers, step / SyncVectorEnv"))
            .findFirst()
            .orElseThrow();
    assertEquals(2.5, sync.measured().orElseThrow().value());
    assertEquals(true, sync.reached().orElseThrow());
    assertEquals(1, targets.stream().filter(target -> target.measured().isPresent()).count());
  }

  @Test
  void cells_have_labels_of_their_own_and_peers_are_left_out_by_default() {
    for (Plan plan : List.of(Plan.usual(), Plan.full(), Plan.of(List.of("Hopper-v5")))) {
      List<Cell> cells = plan.cells(true, Pattern.compile(""));
      assertEquals(cells.size(), new HashSet<>(cells.stream().map(Cell::label).toList()).size());
      assertTrue(
          plan.cells(false, Pattern.compile("")).stream().noneMatch(cell -> cell.kind().isPeer()));
    }
    List<Cell> usual = Plan.usual().cells(true, Pattern.compile(""));
    assertTrue(usual.containsAll(List.of(LOOP, SYNC, BRIDGE, PEER)));
    assertEquals(
        List.of(BRIDGE),
        Plan.usual().cells(true, Pattern.compile("Cheetah.*java-python shm 16x2")));
  }
}
