package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class MainTest {
  @TempDir Path folder = Path.of("");

  @Test
  void every_command_has_help_that_describes_each_option() {
    helpOf(Main.commandLine());
  }

  private static void helpOf(CommandLine command) {
    String usage = command.getUsageMessage();
    command
        .getCommandSpec()
        .options()
        .forEach(
            option -> {
              assertTrue(
                  option.description().length > 0,
                  command.getCommandName() + " " + option.longestName());
              assertTrue(option.hidden() || usage.contains(option.longestName()), usage);
            });
    command.getSubcommands().values().forEach(MainTest::helpOf);
  }

  @Test
  void completion_is_generated() {
    CommandRun run = CommandRun.of("generate-completion");
    assertEquals(Main.OK, run.code());
    assertTrue(run.out().contains("quickstart"), run.out());
  }

  @Test
  void envs_without_an_address_lists_the_java_ones() {
    CommandRun run = CommandRun.of("envs");
    assertEquals(Main.OK, run.code());
    assertTrue(run.out().contains("CartPole-v1") && run.out().contains("Discrete(2)"), run.out());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "fly",
        "evaluate --env CartPole-v1",
        "evaluate --policy missing.zip --env CartPole-v1",
        "evaluate --policy missing.zip --env CartPole-v1 --json no/such/folder/x.json",
        "train bc --env CartPole-v1 --out policy.zip",
        "train bc --env CartPole-v1 --out policy",
        "train bc --env CartPole-v1 --demos missing.npz --out policy.zip",
        "train bc --env CartPole-v1 --demos missing.npz --out policy.zip --set stps=3",
        "train bc --env CartPole-v1 --demos missing.npz --out policy.zip --set steps=many",
        "quickstart --env Ant-v5",
        "serve-env",
        "serve-env CartPole-v9",
        "serve-env CartPole-v1 --num-envs 0",
        "serve-env CartPole-v1 --lease 0",
        "serve-env CartPole-v1 --allow-kwargs gravity",
        "serve-env CartPole-v1 --max-message-mib 4000",
        "serve-env CartPole-v1 --address 0.0.0.0:0",
        "serve-policy no-such-folder",
        "serve-policy . --address 0.0.0.0:0",
      })
  void wrong_usage_ends_with_code_2_and_says_why(String arguments) {
    CommandRun run = CommandRun.of(arguments.split(" "));
    assertEquals(Main.USAGE, run.code(), run.err());
    assertTrue(!run.err().isBlank() && !run.err().contains("\tat "), run.err());
  }

  @Test
  void nobody_at_the_address_ends_with_code_3_and_says_where() {
    String address = "unix:" + folder.resolve("none.sock");
    for (String arguments :
        new String[] {"envs " + address, "evaluate --policy " + address + "/x --env CartPole-v1"}) {
      CommandRun run = CommandRun.of(arguments.split(" "));
      assertEquals(Main.UNAVAILABLE, run.code(), run.err());
      assertTrue(run.err().contains("none.sock"), run.err());
    }
  }

  @Test
  void wrong_settings_name_the_right_ones() {
    CommandRun run =
        CommandRun.of(
            "train",
            "dagger",
            "--env",
            "CartPole-v1",
            "--expert",
            "x",
            "--out",
            folder + "/p.zip",
            "--set",
            "rnds=3");
    assertEquals(Main.USAGE, run.code());
    assertTrue(run.err().contains("rnds") && run.err().contains("episodesPerRound"), run.err());
  }

  @Test
  void all_trainings_begin_with_a_policy_by_the_same_option() {
    CommandLine train =
        Objects.requireNonNull(Main.commandLine().getSubcommands().get("train"), "train");
    Map<String, CommandLine> trainings = train.getSubcommands();
    assertTrue(trainings.keySet().containsAll(List.of("bc", "dagger", "ppo", "trpo", "gail")));
    trainings.forEach(
        (name, training) ->
            assertEquals(
                TrainingOptions.class,
                ((Field) training.getCommandSpec().findOption("--from").userObject())
                    .getDeclaringClass(),
                name));
  }

  @Test
  void a_truncated_bundle_is_refused() throws Exception {
    Path bundle = folder.resolve("policy.zip");
    Files.write(bundle, new byte[] {'P', 'K', 3, 4, 0, 0});
    for (String[] arguments :
        new String[][] {
          {"evaluate", "--policy", bundle.toString(), "--env", "CartPole-v1"},
          {"serve-policy", folder.toString()}
        }) {
      CommandRun run = CommandRun.of(arguments);
      assertEquals(Main.USAGE, run.code(), run.err());
      assertTrue(run.err().contains("policy.zip"), run.err());
    }
  }
}
