package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gymbridge.learners.Airl;
import io.gymbridge.learners.BehavioralCloning;
import io.gymbridge.learners.DAgger;
import io.gymbridge.learners.Gail;
import io.gymbridge.learners.Ppo;
import io.gymbridge.learners.Trpo;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SettingsTest {
  @Test
  void settings_reach_nested_records() {
    DAgger.Config config =
        Settings.apply(
            DAgger.Config.defaults(),
            Map.of(
                "rounds", "7", "hidden", "32-16", "learningRate", "0.01", "schedule", "linear:3"));
    assertEquals(7, config.rounds());
    assertEquals(List.of(32, 16), config.cloning().architecture().hidden());
    assertEquals(0.01, config.cloning().learningRate());
    assertEquals(1.0 / 3, config.schedule().beta(2), 1e-12);
    assertEquals("32-16", Settings.describe(config).get("hidden"));
    assertEquals("linear:3", Settings.describe(config).get("schedule"));
  }

  @Test
  void a_reward_may_have_no_hidden_layer() {
    Airl.Config config = Settings.apply(Airl.Config.defaults(), Map.of("rewardHidden", "linear"));
    assertEquals(List.of(), config.rewardHidden());
    assertEquals("linear", Settings.describe(config).get("rewardHidden"));
  }

  @Test
  void every_described_setting_can_be_set_to_what_it_is() {
    for (Record defaults :
        List.of(
            BehavioralCloning.Config.defaults(),
            DAgger.Config.defaults(),
            Ppo.Config.defaults(),
            Trpo.Config.defaults(),
            Gail.Config.defaults(),
            Airl.Config.defaults())) {
      Map<String, String> described = Settings.describe(defaults);
      assertEquals(described, Settings.describe(Settings.apply(defaults, described)));
    }
  }

  @Test
  void wrong_values_are_refused() {
    for (Map<String, String> wrong :
        List.of(
            Map.of("rounds", "0"),
            Map.of("rounds", "1.5"),
            Map.of("schedule", "linear"),
            Map.of("schedule", "sometimes"),
            Map.of("activation", "sine"),
            Map.of("loss", "absolute"),
            Map.of("queryRate", "1.5"),
            Map.of("ensemble", "0"),
            Map.of("hidden", "linear"),
            Map.of("hidden", "64,64"))) {
      assertThrows(
          UserError.class, () -> Settings.apply(DAgger.Config.defaults(), wrong), wrong.toString());
    }
  }
}
