package io.gymbridge.cli;

import io.gymbridge.cli.bench.PeerPython;
import io.gymbridge.cli.bench.PythonRunner;
import io.gymbridge.cli.bench.SystemUnderTest;
import io.gymbridge.cli.learning.Algorithm;
import io.gymbridge.cli.learning.Cell;
import io.gymbridge.cli.learning.LearnerReport;
import io.gymbridge.cli.learning.LearnerResults;
import io.gymbridge.cli.learning.Subject;
import io.gymbridge.client.PythonServers;
import io.gymbridge.core.Demonstrations;
import io.gymbridge.core.EpisodeLoop;
import io.gymbridge.core.GymException;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.Transitions;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.data.DemonstrationReader;
import io.gymbridge.data.NpzWriter;
import io.gymbridge.learners.Airl;
import io.gymbridge.learners.BehavioralCloning;
import io.gymbridge.learners.Gail;
import io.gymbridge.learners.PolicyNetwork;
import io.gymbridge.learners.Ppo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures the learners beside others. */
@Command(
    name = "learners",
    mixinStandardHelpOptions = true,
    description = {
      "How fast GAIL, AIRL, PPO (steps a second) and Behavioral Cloning (updates a second) learn, with the same settings",
      "as other people's learners where these are asked for. The repetitions of all are interleaved; the table shows",
      "medians, ratios and their 95 %% confidence intervals.",
      "",
      "A line of the table has a label: algorithm and environment. --only chooses by it."
    },
    footer = {
      "",
      "Examples:  gymbridge bench learners --peers --report learners.md --json learners.json",
      "           gymbridge bench learners --only \"gail|airl\" --seconds 5"
    })
final class BenchLearnersCommand implements Callable<Integer> {
  private static final int NUM_ENVS = 8;
  private static final int WORKERS = 2;
  private static final int ROLLOUT_STEPS = 256;
  private static final int BATCH_SIZE = 64;
  private static final int CLONING_BATCH_SIZE = 32;
  private static final int EPOCHS = 5;
  private static final int DISCRIMINATOR_BATCH_SIZE = 1024;
  private static final int DISCRIMINATOR_UPDATES = 8;

  /** More than a batch of the expert's. */
  private static final int RECORDED_STEPS = 4 * DISCRIMINATOR_BATCH_SIZE;

  private static final long FOREVER = Long.MAX_VALUE / 2;

  private static final String SETTINGS =
      """
      %d environments, rollouts of %d steps each, PPO with batches of %d and %d epochs, policy and value networks 64-64
      tanh; %d updates of the discriminator a round, each on %d transitions of the expert and as many of the learner's,
      its networks 32-32, inputs normalised; Behavioral Cloning of a 32-32 network with batches of %d, nothing held out.
      Environments of the peers are in their own process (DummyVecEnv), HalfCheetah-v4 there; ours are stepped through
      the bridge by %d workers, CartPole-v1 in Java."""
          .formatted(
              NUM_ENVS,
              ROLLOUT_STEPS,
              BATCH_SIZE,
              EPOCHS,
              DISCRIMINATOR_UPDATES,
              DISCRIMINATOR_BATCH_SIZE,
              CLONING_BATCH_SIZE,
              WORKERS);

  @Option(
      names = "--env",
      split = ",",
      paramLabel = "ID",
      defaultValue = "CartPole-v1,HalfCheetah-v5",
      description = "Default: ${DEFAULT-VALUE}.")
  List<String> envs = new ArrayList<>();

  @Option(
      names = "--peers",
      description =
          "Measure imitation and Stable-Baselines3 too; installs them into a virtual environment of their own.")
  boolean peers;

  @Option(
      names = "--demos",
      paramLabel = "ID=FILE",
      description =
          "Demonstrations for an environment. Without, some are recorded of an untrained policy.")
  Map<String, Path> demos = new LinkedHashMap<>();

  @Option(
      names = "--only",
      paramLabel = "PATTERN",
      defaultValue = "",
      description = "Only lines in whose label this regular expression is found.")
  String only = "";

  @Option(
      names = "--seconds",
      defaultValue = "10",
      description =
          "Of each repetition, after a fifth of it to warm up. Default: ${DEFAULT-VALUE}.")
  double seconds;

  @Option(
      names = "--repeats",
      defaultValue = "3",
      description = "Repetitions of each cell. Default: ${DEFAULT-VALUE}.")
  int repeats;

  @Option(names = "--json", paramLabel = "FILE", description = "Write all figures there.")
  @Nullable Path json;

  @Option(names = "--report", paramLabel = "FILE.md", description = "Write the table there.")
  @Nullable Path report;

  @Spec @Nullable CommandSpec spec;

  private final List<AutoCloseable> opened = new ArrayList<>();
  private @Nullable PythonRunner runner;

  @Override
  public Integer call() throws IOException {
    check();
    List<Cell> cells = cells();
    LearnerResults results = new LearnerResults(cells);
    Path folder = Files.createTempDirectory("gymbridge-bench");
    try (ProgressLine progress = new ProgressLine("learners", cells.size() * (repeats + 1L))) {
      measure(cells, open(cells, folder, results, progress), results, progress);
    } finally {
      close(folder);
    }
    LearnerReport text = new LearnerReport(results);
    System.out.print(text.tables());
    write(results, text);
    return Main.OK;
  }

  private void check() {
    Outputs.checkWritable(json);
    Outputs.checkWritable(report);
    if (!(seconds > 0 && seconds <= 60)) {
      throw new UserError("--seconds must be more than 0 and at most 60, got " + seconds);
    }
    if (repeats < 1) {
      throw new UserError("--repeats must be at least 1, got " + repeats);
    }
    for (String id : demos.keySet()) {
      if (!envs.contains(id)) {
        throw new UserError("--demos %s=…: the environments are %s".formatted(id, envs));
      }
    }
  }

  /** Ours and the peer's next to each other: they are compared. */
  private List<Cell> cells() {
    List<Cell> cells = new ArrayList<>();
    try {
      Pattern pattern = Pattern.compile(only);
      for (String env : envs) {
        for (Algorithm algorithm : Algorithm.values()) {
          if (pattern.matcher(algorithm.id() + " " + env).find()) {
            cells.add(new Cell(algorithm, env, Subject.GYMBRIDGE));
            if (peers) {
              cells.add(new Cell(algorithm, env, algorithm.peer()));
            }
          }
        }
      }
    } catch (PatternSyntaxException e) {
      throw new UserError("--only: " + e.getMessage(), e);
    }
    if (cells.isEmpty()) {
      throw new UserError("--only \"%s\" leaves nothing".formatted(only));
    }
    return cells;
  }

  /** All cells are open at the same time. */
  private Map<Cell, SystemUnderTest> open(
      List<Cell> cells, Path folder, LearnerResults results, ProgressLine progress)
      throws IOException {
    Map<Cell, SystemUnderTest> systems = new LinkedHashMap<>();
    for (String id : cells.stream().map(Cell::env).distinct().toList()) {
      progress.note("opening " + id);
      EnvironmentOptions environment = new EnvironmentOptions();
      environment.id = id;
      environment.numEnvs = NUM_ENVS;
      opened.add(environment);
      VectorEnv env = environment.open();
      opened.add(env);
      Path file = folder.resolve(id.replaceAll("\\W", "_") + ".npz");
      Demonstrations demonstrations = demonstrations(id, env);
      try (NpzWriter writer = new NpzWriter(file)) {
        for (Trajectory trajectory : demonstrations.trajectories()) {
          writer.add(0, trajectory);
        }
        writer.finish();
      }
      for (Cell cell : cells) {
        if (cell.env().equals(id)) {
          try {
            SystemUnderTest system =
                cell.subject() == Subject.GYMBRIDGE
                    ? ours(cell.algorithm(), env, demonstrations.transitions())
                    : peer(cell, file, folder, progress);
            systems.put(cell, system);
          } catch (GymException e) {
            results.fail(cell, String.valueOf(e.getMessage()));
          }
        }
      }
    }
    return systems;
  }

  private Demonstrations demonstrations(String id, VectorEnv env) {
    Path file = demos.get(id);
    if (file != null) {
      try (DemonstrationReader reader = DemonstrationReader.open(file, env.spec())) {
        return new Demonstrations(
            env.spec().observationSpace(), env.spec().actionSpace(), reader.rest());
      }
    }
    PolicyNetwork untrained =
        PolicyNetwork.create(
            env.spec().observationSpace(),
            env.spec().actionSpace(),
            PolicyNetwork.Architecture.defaults(),
            0);
    List<Trajectory> played = new ArrayList<>();
    try (Policy policy = untrained.toPolicy(0)) {
      while (played.stream().mapToInt(Trajectory::length).sum() < RECORDED_STEPS) {
        played.addAll(EpisodeLoop.play(env, policy, false, NUM_ENVS, played.size(), episode -> {}));
      }
    }
    return new Demonstrations(env.spec().observationSpace(), env.spec().actionSpace(), played);
  }

  private static SystemUnderTest ours(
      Algorithm algorithm, VectorEnv env, Transitions demonstrations) {
    Map<String, String> ppo =
        Map.of(
            "rolloutSteps", String.valueOf(ROLLOUT_STEPS),
            "batchSize", String.valueOf(BATCH_SIZE),
            "epochs", String.valueOf(EPOCHS));
    Map<String, String> adversarial = new LinkedHashMap<>(ppo);
    adversarial.put("discriminatorBatchSize", String.valueOf(DISCRIMINATOR_BATCH_SIZE));
    adversarial.put("discriminatorUpdates", String.valueOf(DISCRIMINATOR_UPDATES));
    // The peers have no absorbing states.
    adversarial.put("absorbing", "false");
    return switch (algorithm) {
      case GAIL -> {
        Gail.Config config = Settings.apply(Gail.Config.defaults(), adversarial);
        yield new SteadyTraining(
            done ->
                new Gail(config)
                    .start(env, demonstrations, FOREVER, null)
                    .run(now -> done.accept(now.steps())));
      }
      case AIRL -> {
        Airl.Config config = Settings.apply(Airl.Config.defaults(), adversarial);
        yield new SteadyTraining(
            done ->
                new Airl(config)
                    .start(env, demonstrations, FOREVER, null)
                    .run(now -> done.accept(now.steps())));
      }
      case PPO -> {
        Ppo.Config config = Settings.apply(Ppo.Config.defaults(), ppo);
        yield new SteadyTraining(
            done -> new Ppo(config).start(env, FOREVER, null).run(now -> done.accept(now.steps())));
      }
      case BC -> {
        BehavioralCloning.Config config =
            Settings.apply(
                    BehavioralCloning.Config.defaults(),
                    Map.of(
                        "hidden", "32-32",
                        "batchSize", String.valueOf(CLONING_BATCH_SIZE),
                        "heldOutFraction", "0"))
                .withSteps(Integer.MAX_VALUE);
        yield new SteadyTraining(
            done ->
                new BehavioralCloning(config, now -> done.accept(now.step()))
                    .train(demonstrations));
      }
    };
  }

  private SystemUnderTest peer(Cell cell, Path file, Path folder, ProgressLine progress) {
    Path scripts = PythonServers.home().resolve("benchmarks").resolve("learners");
    PythonRunner process = runner;
    if (process == null) {
      progress.note("installing the peers");
      process =
          new PythonRunner(
              PeerPython.interpreter(scripts.resolve("peers").resolve("imitation.txt")),
              scripts.resolve("learner_runner.py"),
              folder);
      runner = process;
      opened.add(process);
    }
    boolean cloning = cell.algorithm() == Algorithm.BC;
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("kind", cell.algorithm().id());
    fields.put("env", cell.env());
    fields.put("demos", file.toString());
    fields.put("num_envs", NUM_ENVS);
    fields.put("rollout_steps", ROLLOUT_STEPS);
    fields.put("batch_size", cloning ? CLONING_BATCH_SIZE : BATCH_SIZE);
    fields.put("epochs", EPOCHS);
    fields.put("discriminator_batch_size", DISCRIMINATOR_BATCH_SIZE);
    fields.put("discriminator_updates", DISCRIMINATOR_UPDATES);
    return process.open(fields);
  }

  private void measure(
      List<Cell> cells,
      Map<Cell, SystemUnderTest> systems,
      LearnerResults results,
      ProgressLine progress) {
    // The first repetition is not counted: compilers and caches are still cold.
    for (int repeat = -1; repeat < repeats; repeat++) {
      for (Cell cell : cells) {
        SystemUnderTest system = systems.get(cell);
        if (system != null && !results.hasFailed(cell)) {
          progress.note(cell.label());
          try {
            Map<String, Double> figures = system.run(repeat < 0 ? seconds / 2 : seconds);
            if (repeat >= 0) {
              results.add(cell, figures);
            }
          } catch (GymException e) {
            results.fail(cell, String.valueOf(e.getMessage()));
          }
        }
        progress.step();
      }
    }
  }

  private void close(Path folder) {
    for (int i = opened.size() - 1; i >= 0; i--) {
      try {
        opened.get(i).close();
      } catch (Exception e) {
        System.err.println("while closing: " + e.getMessage());
      }
    }
    Outputs.deleteFolder(folder);
  }

  private void write(LearnerResults results, LearnerReport text) {
    Map<String, Object> content = new LinkedHashMap<>();
    content.put("machine", RunFacts.machine());
    content.put("seconds", seconds);
    content.put("repeats", repeats);
    content.put("rows", results.rows());
    Outputs.json(json, content);
    if (report != null) {
      Outputs.text(report, text.page(RunFacts.sentence(), SETTINGS, RunFacts.command(spec)));
    }
  }
}
