package io.gymbridge.cli;

import io.gymbridge.client.RemoteEnvironments;
import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.envs.Envs;
import io.gymbridge.transport.Credentials;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists environments. */
@Command(
    name = "envs",
    mixinStandardHelpOptions = true,
    description =
        "Lists the environments that a server offers, with their spaces; without an address, the Java ones.",
    footer = {"", "Example:  gymbridge envs unix:env.sock"})
final class EnvsCommand implements Callable<Integer> {
  @Parameters(arity = "0..1", paramLabel = "ADDRESS", description = "unix:PATH or HOST:PORT.")
  @Nullable String address;

  @Mixin final CredentialOptions credentials = new CredentialOptions();

  @Option(names = "--json", paramLabel = "FILE", description = "Also write the list there.")
  @Nullable Path json;

  @Override
  public Integer call() {
    Outputs.checkWritable(json);
    TextTable table = new TextTable("environment", "observations", "actions", "limit");
    List<Map<String, Object>> rows = new ArrayList<>();
    for (EnvSpec spec : specs()) {
      String limit = spec.maxEpisodeSteps() == 0 ? "none" : spec.maxEpisodeSteps() + " steps";
      String observations = spec.observationSpace().toString();
      String actions = spec.actionSpace().toString();
      table.row(spec.id(), observations, actions, limit);
      Map<String, Object> row = new LinkedHashMap<>();
      row.put("env", spec.id());
      row.put("observation_space", observations);
      row.put("action_space", actions);
      row.put("max_episode_steps", spec.maxEpisodeSteps());
      rows.add(row);
    }
    System.out.print(table);
    Outputs.json(json, rows);
    return Main.OK;
  }

  private List<EnvSpec> specs() {
    List<EnvSpec> specs = new ArrayList<>();
    if (address == null) {
      for (String id : Envs.ids()) {
        specs.add(Envs.make(id).spec());
      }
      return specs;
    }
    Credentials shown = credentials.credentials();
    SessionOptions options = EnvironmentOptions.learning(1).withCredentials(shown);
    for (RemoteEnvironments.Summary offered :
        RemoteEnvironments.list(address, shown).environments()) {
      try (VectorEnv env = RemoteVectorEnv.connect(address, offered.envId(), options)) {
        specs.add(env.spec());
      }
    }
    return specs;
  }
}
