package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.Policy;
import io.gymbridge.core.Value;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class QuickstartTaskTest {
  @ParameterizedTest
  @ValueSource(strings = {"Reacher-v5", "HalfCheetah-v5"})
  void the_expert_of_each_is_served_and_acts(String env) {
    try (QuickstartTask.Served served = QuickstartTask.of(env).serveExpert();
        Policy expert = served.connect()) {
      Value seen = expert.observationSpace().sample(new SplittableRandom(0));
      Value action = expert.act(Value.stack(List.of(seen, seen)), true);
      assertEquals(2, action.batchSize());
      assertTrue(expert.actionSpace().contains(action.row(1)), action.toString());
    }
  }

  @Test
  void another_is_refused_with_a_list_of_what_there_is() {
    UserError error = assertThrows(UserError.class, () -> QuickstartTask.of("Ant-v5"));
    assertTrue(
        String.valueOf(error.getMessage()).contains("Reacher-v5 and HalfCheetah-v5"),
        error.getMessage());
  }
}
