package io.gymbridge.server.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.policies.OnnxPolicy;
import io.gymbridge.policies.TestBundles;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** The policy that a gate's episodes are played with. */
class AskingTest {
  @Test
  void each_row_of_a_recurrent_policy_goes_on_until_its_episode_ends() throws Exception {
    try (OnnxPolicy actor = TestBundles.recurrent().policy(0)) {
      Value observation = actor.observationSpace().sample(new SplittableRandom(1));
      Value both = actor.observationSpace().stack(List.of(observation, observation));
      Asking alone = new Asking(actor);
      Value one = actor.observationSpace().stack(List.of(observation));
      NdArray first = alone.act(one, true).array();
      NdArray second = alone.act(one, true).array();
      assertNotEquals(first, second);
      Asking asking = new Asking(actor);
      asking.beginEpisodes(new boolean[] {true, true});
      equal(first, first, asking.act(both, true));
      asking.beginEpisodes(new boolean[] {false, true});
      equal(second, first, asking.act(both, true));
      asking.beginEpisodes(new boolean[] {true, false});
      equal(first, second, asking.act(both, true));
    }
  }

  private static void equal(NdArray first, NdArray second, Value got) {
    for (int i = 0; i < first.size(); i++) {
      assertEquals(first.getDouble(i), got.array().getDouble(i), 1e-5);
      assertEquals(second.getDouble(i), got.array().getDouble(first.size() + i), 1e-5);
    }
  }
}
