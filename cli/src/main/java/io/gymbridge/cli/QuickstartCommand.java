package io.gymbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.gymbridge.client.ManagedServer;
import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.Policy;
import io.gymbridge.core.TransitionSampler;
import io.gymbridge.core.Transitions;
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
 * The whole idea in one run: a Java learner imitates an expert in MuJoCo, and is served to Python.
 */
@Command(
    name = "quickstart",
    mixinStandardHelpOptions = true,
    description = {
      "Shows the whole idea in about two minutes. A Python server hosts MuJoCo's Reacher-v5 and an expert for it; a",
      "Java learner clones a handful of demonstrations (and fails), then improves by DAgger to the expert's level; the",
      "policy is published to a Java policy server, and a Python client plays with it.",
      "With --env HalfCheetah-v5, the expert is a network of ours that a Java server hosts."
    })
final class QuickstartCommand implements Callable<Integer> {
  private static final String POLICY = "learner";
  private static final int LANES = 8;

  @Option(
      names = "--env",
      paramLabel = "ID",
      defaultValue = "Reacher-v5",
      description = "Reacher-v5 or HalfCheetah-v5. Default: ${DEFAULT-VALUE}.")
  String id = "";

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
    QuickstartTask task = QuickstartTask.of(id);
    QuickstartResults results = new QuickstartResults(task);
    say(
        "Starting a Python server with %s, and a %s server with its expert"
            .formatted(id, task.expertKind().language()));
    try (ManagedServer environments =
            ManagedServer.serveEnv(List.of(id), LANES, 2, "--allow-kwargs", "width,height");
        QuickstartTask.Served experts = task.serveExpert();
        VectorEnv env =
            RemoteVectorEnv.connect(
                environments.address(), id, EnvironmentOptions.learning(LANES));
        // One copy for each episode, so that episode i has seed + i here as in the Python client.
        VectorEnv evaluationEnv =
            RemoteVectorEnv.connect(
                environments.address(), id, EnvironmentOptions.learning(task.episodes()));
        Policy expert = experts.connect()) {
      results.put(
          "nothing",
          evaluate(task, "doing nothing", evaluationEnv, Reference.doingNothing(env.spec())));
      results.put("expert", evaluate(task, "the expert", evaluationEnv, expert));

      say("Gathering %d demonstrations and cloning them".formatted(task.demonstrations()));
      Transitions demonstrations = demonstrations(task, env, expert);
      PolicyNetwork clone = clone(demonstrations);
      try (Policy cloned = clone.toPolicy(seed)) {
        Evaluation clonedEvaluation = evaluate(task, "the clone", evaluationEnv, cloned);
        results.put("bc", clonedEvaluation);
        results.curve(demonstrations.size(), clonedEvaluation);

        say("Improving by DAgger: the learner acts, the expert says what it would have done");
        DAgger dagger = dagger(task, env, evaluationEnv, expert, demonstrations, results);
        try (Policy learner = dagger.policy().toPolicy(seed)) {
          results.put("dagger", evaluate(task, "DAgger", evaluationEnv, learner));
          say("Publishing the policy to a Java policy server; a Python client plays with it");
          results.put("served", served(task, dagger));
          System.out.print(results.table());
          results.animate(environments.address(), expert, cloned, learner, seed);
        }
      }
    }
    Outputs.text(report, results.report(seed).toHtml());
    Outputs.json(json, results.json(report));
    System.out.printf(
        "%nThe report, with the learning curve and an animation: %s%n", report.toAbsolutePath());
    System.out.printf("Next:%n  %s%n", String.join("\n  ", QuickstartResults.NEXT));
    return Main.OK;
  }

  private static void say(String text) {
    System.err.println(text);
  }

  private Evaluation evaluate(QuickstartTask task, String what, VectorEnv env, Policy policy) {
    return Play.evaluate(what, env, policy, true, task.episodes(), evaluationSeed());
  }

  /** Far from the seeds of training. */
  private long evaluationSeed() {
    return 1_000_000 + 1_000 * seed;
  }

  private Transitions demonstrations(QuickstartTask task, VectorEnv env, Policy expert) {
    TransitionSampler sampler =
        new TransitionSampler(
            env.spec().observationSpace(), env.spec().actionSpace(), task.subsample(), seed);
    Play.episodes("demonstrations", env, expert, true, task.demonstrations(), seed)
        .forEach(sampler::add);
    return sampler.transitions();
  }

  private PolicyNetwork clone(Transitions demonstrations) {
    BehavioralCloning.Config config = BehavioralCloning.Config.defaults().withSeed(seed);
    try (ProgressLine progress = new ProgressLine("cloning", config.steps())) {
      return new BehavioralCloning(
              config,
              now -> {
                progress.stepTo(now.step());
                progress.note("loss %.2f".formatted(now.heldOutLoss()));
              })
          .train(demonstrations);
    }
  }

  private DAgger dagger(
      QuickstartTask task,
      VectorEnv env,
      VectorEnv evaluationEnv,
      Policy expert,
      Transitions demonstrations,
      QuickstartResults results) {
    DAgger.Config config =
        Settings.apply(
            DAgger.Config.defaults(),
            Map.of(
                "rounds", String.valueOf(task.rounds()),
                "episodesPerRound", String.valueOf(task.episodesPerRound()),
                "schedule", "learner-only",
                "evaluationEpisodes", String.valueOf(task.episodes())));
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
  private Evaluation served(QuickstartTask task, DAgger dagger) {
    Path folder = null;
    try {
      folder = Files.createTempDirectory("gymbridge-quickstart");
      dagger
          .policy()
          .toBundle(
              POLICY, "DAgger", task.env(), Map.of("seed", seed), dagger.visitedObservations())
          .write(folder.resolve(POLICY + ".zip"));
      try (Repository policies = Repository.open(folder, PublishGate.OPEN);
          PolicyServer server =
              PolicyServer.start("127.0.0.1:0", policies, PolicyServerOptions.DEFAULTS)) {
        Path played = folder.resolve("played.json");
        PythonModule.run(
            "evaluate",
            server.address() + "/" + POLICY,
            "--env",
            task.env(),
            "--episodes",
            String.valueOf(task.episodes()),
            "--seed",
            String.valueOf(evaluationSeed()),
            "--json",
            played.toString());
        JsonNode figures = Outputs.JSON.readTree(played.toFile());
        double[] returns = new double[task.episodes()];
        IntStream.range(0, task.episodes())
            .forEach(i -> returns[i] = figures.get("returns").get(i).asDouble());
        int[] lengths = new int[task.episodes()];
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
