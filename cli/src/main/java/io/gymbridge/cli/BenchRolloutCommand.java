package io.gymbridge.cli;

import io.gymbridge.client.ManagedServer;
import io.gymbridge.client.PythonServers;
import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.RolloutOptions;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.learners.PolicyNetwork;
import io.gymbridge.policies.PolicyBundle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures rollouts beside the loops of learners that have everything in one process. */
@Command(
    name = "rollout",
    mixinStandardHelpOptions = true,
    description = {
      "Steps environments with the same Gaussian 64-64 policy in two ways: rolled out in the workers of a server and",
      "gathered here, and in as many plain Python loops at the same time, each with its part of the environments and",
      "the policy in its own process. Repetitions are interleaved; the ratio of the medians is what counts."
    },
    footer = {
      "",
      "Example:  gymbridge bench rollout --env HalfCheetah-v5 --num-envs 16 --workers 2"
    })
final class BenchRolloutCommand implements Callable<Integer> {
  @Option(
      names = "--env",
      paramLabel = "ID",
      defaultValue = "HalfCheetah-v5",
      description = "With a box for actions. Default: ${DEFAULT-VALUE}.")
  String env = "";

  @Option(
      names = "--num-envs",
      paramLabel = "N",
      defaultValue = "16",
      description = "Default: ${DEFAULT-VALUE}.")
  int numEnvs;

  @Option(
      names = "--workers",
      paramLabel = "W",
      defaultValue = "2",
      description = "Processes, and loops beside them; a divisor of N. Default: ${DEFAULT-VALUE}.")
  int workers;

  @Option(
      names = "--steps",
      paramLabel = "T",
      defaultValue = "256",
      description = "Of each rollout. Default: ${DEFAULT-VALUE}.")
  int steps;

  @Option(
      names = "--seconds",
      defaultValue = "5",
      description = "Of each measurement. Default: ${DEFAULT-VALUE}.")
  double seconds;

  @Option(names = "--repeats", defaultValue = "5", description = "Default: ${DEFAULT-VALUE}.")
  int repeats;

  @Option(names = "--json", paramLabel = "FILE", description = "Write the figures there.")
  @Nullable Path json;

  @Override
  public Integer call() throws IOException {
    Outputs.checkWritable(json);
    if (numEnvs % workers != 0) {
      throw new UserError(
          "%d environments cannot be shared out evenly among %d workers"
              .formatted(numEnvs, workers));
    }
    Path bundle = Files.createTempFile("gymbridge", ".zip");
    try (ManagedServer server =
            ManagedServer.serveEnv(List.of(env), numEnvs, workers, "--allow-policies");
        RemoteVectorEnv vector =
            RemoteVectorEnv.connect(server.address(), env, EnvironmentOptions.learning(numEnvs));
        ProgressLine progress = new ProgressLine(env, 2L * repeats)) {
      byte[] policy = policy(vector).toBytes();
      Files.write(bundle, policy);
      vector.putPolicy(policy);
      vector.reset(0);
      vector.rollout(steps, RolloutOptions.drawn(0));
      List<Double> rolled = new ArrayList<>();
      List<Double> loops = new ArrayList<>();
      for (int repeat = 0; repeat < repeats; repeat++) {
        progress.note("loops");
        loops.add(loops(bundle));
        progress.step();
        progress.note("rollouts");
        rolled.add(rollouts(vector));
        progress.step();
      }
      report(rolled, loops);
    } finally {
      Files.deleteIfExists(bundle);
    }
    return Main.OK;
  }

  private static PolicyBundle policy(VectorEnv vector) {
    List<Value> observations = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(0);
    for (int i = 0; i < 16; i++) {
      observations.add(vector.spec().observationSpace().sample(random));
    }
    return PolicyNetwork.create(
            vector.spec().observationSpace(),
            vector.spec().actionSpace(),
            PolicyNetwork.Architecture.defaults(),
            0)
        .toBundle("bench", "none", vector.spec().id(), Map.of(), Value.stack(observations));
  }

  /** Steps of all lanes a second. */
  private double rollouts(RemoteVectorEnv vector) {
    long start = System.nanoTime();
    long made = 0;
    double elapsed = 0;
    while (elapsed < seconds) {
      made += (long) vector.rollout(steps, RolloutOptions.drawn(0)).steps() * numEnvs;
      elapsed = (System.nanoTime() - start) / 1e9;
    }
    return made / elapsed;
  }

  /** The loops' steps a second, added up. */
  private double loops(Path bundle) {
    List<CompletableFuture<Double>> running =
        IntStream.range(0, workers)
            .mapToObj(loop -> CompletableFuture.supplyAsync(() -> loop(bundle, loop)))
            .toList();
    return running.stream().mapToDouble(CompletableFuture::join).sum();
  }

  private double loop(Path bundle, int seed) {
    String output =
        PythonModule.script(
            PythonServers.home().resolve("benchmarks").resolve("policy_loop.py"),
            env,
            String.valueOf(numEnvs / workers),
            bundle.toString(),
            String.valueOf(seconds),
            String.valueOf(seed));
    return Double.parseDouble(output.strip());
  }

  private void report(List<Double> rolled, List<Double> loops) {
    double rollouts = median(rolled);
    double plain = median(loops);
    System.out.printf(
        "%s × %d, %d steps a rollout, %d workers: %,.0f steps/s; %d loops: %,.0f steps/s; ratio %.3f%n",
        env, numEnvs, steps, workers, rollouts, workers, plain, rollouts / plain);
    Map<String, Object> result = new LinkedHashMap<>();
    result.put("env", env);
    result.put("num_envs", numEnvs);
    result.put("workers", workers);
    result.put("steps", steps);
    result.put("seconds", seconds);
    result.put("rollout_steps_per_second", rolled);
    result.put("loops_steps_per_second", loops);
    result.put("ratio", rollouts / plain);
    Outputs.json(json, result);
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }
}
