package io.gymbridge.cli;

import io.gymbridge.core.Evaluation;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Policy;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.server.policy.PublishGate;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What a new version of a policy has to play before it goes into service. */
final class GateOptions {
  @Option(
      names = "--gate-env",
      paramLabel = "ID",
      description =
          "A new version plays episodes of this environment first, and is refused where it returns less than the one in "
              + "service. Default: none.")
  @Nullable String id;

  @Option(
      names = "--gate-address",
      paramLabel = "ADDRESS",
      description = "Where that environment is served; as --env-address of other commands.")
  @Nullable String address;

  @Option(
      names = "--gate-episodes",
      paramLabel = "N",
      defaultValue = "20",
      description = "How many episodes each of the two plays. Default: ${DEFAULT-VALUE}.")
  int episodes = 20;

  @Option(
      names = "--gate-seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of the episodes, the same for both. Default: ${DEFAULT-VALUE}.")
  long seed;

  @Option(
      names = "--gate-tolerance",
      paramLabel = "SHARE",
      defaultValue = "0.05",
      description =
          "How much less a new version may return, as a share of what the one in service does. Default: "
              + "${DEFAULT-VALUE}.")
  double tolerance = 0.05;

  /** The gate, which opens its environment for each trial. */
  PublishGate gate() {
    String env = id;
    if (env == null) {
      if (address != null) {
        throw new UserError("--gate-address needs --gate-env ID");
      }
      return PublishGate.OPEN;
    }
    if (episodes < 1 || !(tolerance >= 0)) {
      throw new UserError(
          "--gate-episodes must be at least 1 and --gate-tolerance not negative, got %d and %s"
              .formatted(episodes, tolerance));
    }
    return (name, candidate, inService) -> tryOut(env, candidate, inService);
  }

  private List<String> tryOut(String env, Policy candidate, @Nullable Policy inService) {
    EnvironmentOptions environment = new EnvironmentOptions();
    environment.id = env;
    environment.address = address;
    try (environment) {
      Supplier<VectorEnv> envs = () -> environment.open(Math.min(8, episodes));
      Evaluation mine = play(envs, candidate);
      if (inService == null) {
        return List.of(
            "mean return %.4g in %d episodes of %s".formatted(mine.mean(), episodes, env));
      }
      Evaluation theirs = play(envs, inService);
      double wanted = theirs.mean() - tolerance * Math.abs(theirs.mean());
      String found =
          "mean return %.4g in %d episodes of %s, where the version in service has %.4g"
              .formatted(mine.mean(), episodes, env, theirs.mean());
      if (!(mine.mean() >= wanted)) {
        throw new GymException(
            Kind.FAILED_PRECONDITION,
            "%s; at least %.4g was expected: the old one stays".formatted(found, wanted));
      }
      return List.of(found);
    }
  }

  private Evaluation play(Supplier<VectorEnv> envs, Policy policy) {
    try (VectorEnv env = envs.get()) {
      Policies.checkFits(policy, env.spec());
      return Evaluation.of(env, policy, true, episodes, seed);
    } catch (UserError e) {
      throw new GymException(Kind.FAILED_PRECONDITION, String.valueOf(e.getMessage()), null, e);
    }
  }
}
