package io.gymbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.gymbridge.client.ManagedServer;
import io.gymbridge.client.PythonServers;
import io.gymbridge.client.RemotePolicy;
import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.core.Demonstrations;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Policy;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.BehavioralCloning;
import io.gymbridge.learners.DAgger;
import io.gymbridge.learners.PolicyNetwork;
import io.gymbridge.server.policy.PolicyServer;
import io.gymbridge.server.policy.PolicyServerOptions;
import io.gymbridge.server.policy.PublishGate;
import io.gymbridge.server.policy.Repository;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * The whole idea in one run: a Java learner imitates a Python expert in MuJoCo, and is served back
 * to Python.
 */
@Command(
    name = "quickstart",
    mixinStandardHelpOptions = true,
    description = {
      "Shows the whole idea in about two minutes. A Python server hosts MuJoCo's Reacher-v5 and an expert for it; a",
      "Java learner clones a handful of demonstrations (and fails), then improves by DAgger to the expert's level; the",
      "policy is published to a Java policy server, and a Python client plays with it."
    })
final class QuickstartCommand implements Callable<Integer> {
  private static final String ENV = "Reacher-v5";
  private static final String EXPERT = "python-shim/examples/reacher_expert.py:act";
  private static final String POLICY = "reacher";
  private static final int EPISODES = 50;
  private static final int LANES = 8;
  private static final int DEMONSTRATIONS = 4;

  @Option(
      names = "--seed",
      defaultValue = "0",
      description = "Of everything random. Default: ${DEFAULT-VALUE}.")
  long seed;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there.")
  @Nullable Path json;

  @Option(
      names = "--report",
      paramLabel = "FILE",
      defaultValue = "report.html",
      description = "The page to write. Default: ${DEFAULT-VALUE}.")
  Path report = Path.of("");

  @Override
  public Integer call() {
    Outputs.checkWritable(json);
    Outputs.checkWritable(report);
    QuickstartResults results = new QuickstartResults();
    say("Starting a Python server with " + ENV + ", and one with its expert");
    try (ManagedServer environments =
            ManagedServer.serveEnv(List.of(ENV), LANES, 2, "--allow-kwargs", "width,height");
        ManagedServer experts =
            ManagedServer.servePolicy(PythonServers.home().resolve(EXPERT).toString(), ENV);
        VectorEnv env =
            RemoteVectorEnv.connect(
                environments.address(), ENV, EnvironmentOptions.learning(LANES));
        // One copy for each episode, so that episode i has seed + i here as in the Python client.
        VectorEnv evaluationEnv =
            RemoteVectorEnv.connect(
                environments.address(), ENV, EnvironmentOptions.learning(EPISODES));
        Policy expert = RemotePolicy.connect(experts.address())) {
      results.put(
          "nothing", evaluate("doing nothing", evaluationEnv, Reference.doingNothing(env.spec())));
      results.put("expert", evaluate("the expert", evaluationEnv, expert));

      say("Gathering " + DEMONSTRATIONS + " demonstrations over gRPC and cloning them");
      Demonstrations demonstrations =
          new Demonstrations(
              env.spec().observationSpace(),
              env.spec().actionSpace(),
              Play.episodes("demonstrations", env, expert, true, DEMONSTRATIONS, seed));
      PolicyNetwork clone = clone(demonstrations);
      try (Policy cloned = clone.toPolicy(seed)) {
        Evaluation clonedEvaluation = evaluate("the clone", evaluationEnv, cloned);
        results.put("bc", clonedEvaluation);
        results.curve(demonstrations.steps(), clonedEvaluation);

        say("Improving by DAgger: the learner acts, the expert says what it would have done");
        DAgger dagger = dagger(env, evaluationEnv, expert, demonstrations, results);
        try (Policy learner = dagger.network().toPolicy(seed)) {
          results.put("dagger", evaluate("DAgger", evaluationEnv, learner));
          say("Publishing the policy to a Java policy server; a Python client plays with it");
          results.put("served", served(dagger, env.spec()));
          System.out.print(results.table());
          results.animate(environments.address(), ENV, expert, cloned, learner, seed);
        }
      }
    }
    Outputs.text(report, results.report(ENV, seed).toHtml());
    Outputs.json(json, results.json(report));
    System.out.printf(
        "%nThe report, with the learning curve and an animation: %s%n", report.toAbsolutePath());
    System.out.printf("Next:%n  %s%n", String.join("\n  ", QuickstartResults.NEXT));
    return Main.OK;
  }

  private static void say(String text) {
    System.err.println(text);
  }

  private Evaluation evaluate(String task, VectorEnv env, Policy policy) {
    return Play.evaluate(task, env, policy, true, EPISODES, evaluationSeed());
  }

  /** Far from the seeds of training. */
  private long evaluationSeed() {
    return 1_000_000 + 1_000 * seed;
  }

  private PolicyNetwork clone(Demonstrations demonstrations) {
    BehavioralCloning.Config config = BehavioralCloning.Config.defaults().withSeed(seed);
    try (ProgressLine progress = new ProgressLine("cloning", config.steps())) {
      return new BehavioralCloning(
              config,
              now -> {
                progress.stepTo(now.step());
                progress.note("loss %.2f".formatted(now.heldOutLoss()));
              })
          .train(demonstrations.transitions());
    }
  }

  private DAgger dagger(
      VectorEnv env,
      VectorEnv evaluationEnv,
      Policy expert,
      Demonstrations demonstrations,
      QuickstartResults results) {
    DAgger.Config config =
        Settings.apply(
            DAgger.Config.defaults(),
            Map.of(
                "rounds", "20",
                "episodesPerRound", "12",
                "schedule", "learner-only",
                "evaluationEpisodes", String.valueOf(EPISODES)));
    config = config.withCloning(config.cloning().withSeed(seed));
    try (ProgressLine progress = new ProgressLine("DAgger", config.rounds())) {
      DAgger dagger =
          new DAgger(
              config,
              env,
              evaluationEnv,
              expert,
              null,
              round -> {
                progress.step();
                progress.note("return %.2f".formatted(round.evaluation().mean()));
                results.curve(round.samples(), round.evaluation());
              });
      dagger.add(demonstrations);
      dagger.run();
      return dagger;
    }
  }

  /** Writes the bundle, serves it, and lets a Python client play. */
  private Evaluation served(DAgger dagger, EnvSpec spec) {
    Path folder = null;
    try {
      folder = Files.createTempDirectory("gymbridge-quickstart");
      dagger
          .network()
          .toBundle(POLICY, "DAgger", spec.id(), Map.of("seed", seed), dagger.visitedObservations())
          .write(folder.resolve(POLICY + ".zip"));
      try (Repository policies = Repository.open(folder, PublishGate.OPEN);
          PolicyServer server =
              PolicyServer.start("127.0.0.1:0", policies, PolicyServerOptions.DEFAULTS)) {
        Path played = folder.resolve("played.json");
        PythonModule.run(
            "evaluate",
            server.address() + "/" + POLICY,
            "--env",
            spec.id(),
            "--episodes",
            String.valueOf(EPISODES),
            "--seed",
            String.valueOf(evaluationSeed()),
            "--json",
            played.toString());
        JsonNode figures = Outputs.JSON.readTree(played.toFile());
        double[] returns = new double[EPISODES];
        IntStream.range(0, EPISODES)
            .forEach(i -> returns[i] = figures.get("returns").get(i).asDouble());
        int[] lengths = new int[EPISODES];
        java.util.Arrays.fill(lengths, (int) Math.round(figures.get("length_mean").asDouble()));
        return new Evaluation(returns, lengths);
      }
    } catch (IOException e) {
      throw new UserError("cannot publish the policy: " + e.getMessage(), e);
    } finally {
      Outputs.deleteFolder(folder);
    }
  }
}
