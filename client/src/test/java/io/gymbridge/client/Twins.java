package io.gymbridge.client;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Two batches of the same environment, which must do the same. */
final class Twins {
  private final VectorEnv reference;
  private final VectorEnv tested;
  private final Random random;

  Twins(VectorEnv reference, VectorEnv tested, long seed) {
    this.reference = reference;
    this.tested = tested;
    this.random = new Random(seed);
    assertEquals(reference.reset(seed).observations(), tested.reset(seed).observations());
  }

  /** Takes random actions in both, and compares all that comes of them. */
  void steps(int count) {
    for (int i = 0; i < count; i++) {
      Value actions = actions();
      VectorEnv.Step expected = reference.step(actions);
      VectorEnv.Step actual = tested.step(actions);
      assertEquals(expected.observations(), actual.observations());
      assertArrayEquals(expected.rewards(), actual.rewards());
      assertArrayEquals(expected.terminated(), actual.terminated());
      assertArrayEquals(expected.truncated(), actual.truncated());
      assertArrayEquals(expected.lost(), actual.lost());
      assertEquals(expected.finalObservations(), actual.finalObservations());
    }
  }

  /**
   * Takes random actions in both until the tested one has lost lanes; compares the others.
   *
   * @return the lanes that were lost
   */
  List<Integer> stepsUntilLoss() {
    while (true) {
      Value actions = actions();
      VectorEnv.Step expected = reference.step(actions);
      VectorEnv.Step actual = tested.step(actions);
      List<Integer> lost = new ArrayList<>();
      for (int lane = 0; lane < reference.numEnvs(); lane++) {
        if (actual.lost()[lane]) {
          lost.add(lane);
          assertEquals(0, actual.rewards()[lane]);
          assertEquals(false, actual.ended(lane));
        } else {
          assertEquals(expected.observations().row(lane), actual.observations().row(lane));
          assertEquals(expected.rewards()[lane], actual.rewards()[lane]);
        }
      }
      if (!lost.isEmpty()) {
        return lost;
      }
    }
  }

  private Value actions() {
    List<Value> actions = new ArrayList<>();
    for (int lane = 0; lane < reference.numEnvs(); lane++) {
      actions.add(reference.spec().actionSpace().sample(random));
    }
    return Value.stack(actions);
  }
}
