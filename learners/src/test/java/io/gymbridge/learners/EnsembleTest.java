package io.gymbridge.learners;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.Discrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Transitions;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class EnsembleTest {
  private static final BehavioralCloning.Config CONFIG =
      BehavioralCloning.Config.defaults().withSteps(1_000);

  private static Ensemble ensemble(Space actions, int size) {
    return new Ensemble(
        PolicyNetwork.create(Problems.OBSERVATIONS, actions, CONFIG.architecture(), 0), size, 0);
  }

  /** Observations whose components lie in [low, high]. */
  private static NdArray observations(int n, double low, double high) {
    return NdArray.of(new SplittableRandom(5).doubles(3L * n, low, high).toArray(), n, 3);
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }

  @Test
  void members_disagree_more_about_states_unlike_those_they_learned_from() {
    Transitions all = Problems.smooth(400, 1);
    double[] seen = all.observations().array().toDoubles();
    int[] inner = IntStream.range(0, 400).filter(row -> seen[3 * row] < 0).toArray();
    Transitions half =
        new Transitions(
            all.observationSpace(),
            all.actionSpace(),
            all.observations().take(inner),
            all.actions().take(inner),
            all.nextObservations().take(inner),
            new boolean[inner.length],
            IntStream.range(0, inner.length).map(row -> row / 10).toArray());
    Ensemble ensemble = ensemble(Problems.ACTIONS, 3);
    for (PolicyNetwork member : ensemble.members()) {
      Dataset data = new Dataset(member.encoder(), member.head());
      data.add(half.observations(), half.actions(), half.episodes());
      new BehavioralCloning(CONFIG).train(member, data);
    }
    double known = mean(ensemble.disagreement(observations(200, -5, -0.5)));
    NdArray unlike = observations(200, 0.5, 5);
    double unknown = mean(ensemble.disagreement(unlike));
    assertTrue(unknown > 2 * known, known + " of known states, " + unknown + " of others");
  }

  @Test
  void one_network_agrees_with_itself() {
    for (Space actions : List.of(Problems.ACTIONS, new Discrete(3))) {
      double[] agreement = ensemble(actions, 1).disagreement(observations(5, -5, 5));
      assertArrayEquals(new double[5], agreement, 1e-6);
      double[] some = ensemble(actions, 3).disagreement(observations(5, -5, 5));
      assertTrue(Arrays.stream(some).allMatch(value -> value > 0), Arrays.toString(some));
    }
  }

  @Test
  void a_member_keeps_its_share_as_the_data_grows() {
    Ensemble ensemble = ensemble(Problems.ACTIONS, 3);
    assertArrayEquals(IntStream.range(0, 90).toArray(), ensemble.rows(0, 90));
    int[] before = ensemble.rows(1, 90);
    int[] after = ensemble.rows(1, 180);
    assertArrayEquals(before, Arrays.copyOf(after, before.length));
    assertEquals(60, before.length, 15);
    assertTrue(!Arrays.equals(before, ensemble.rows(2, 90)));
  }

  @Test
  void the_gate_lets_its_share_through_whatever_the_scale() {
    for (double scale : new double[] {1e-6, 1, 1e6}) {
      SplittableRandom random = new SplittableRandom(3);
      DisagreementGate gate = new DisagreementGate(0.4);
      int open = 0;
      for (int i = 0; i < 5_000; i++) {
        open += gate.exceeds(scale * random.nextDouble()) ? 1 : 0;
      }
      assertEquals(2_000, open, 100);
    }
  }

  @Test
  void the_gate_closes_before_agreement_and_opens_for_what_stands_out() {
    DisagreementGate gate = new DisagreementGate(0.4);
    assertTrue(gate.exceeds(0));
    for (int i = 0; i < 300; i++) {
      assertTrue(!gate.exceeds(0));
    }
    assertTrue(gate.exceeds(0.1));
  }
}
