package io.gymbridge.cli;

import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What the quickstart found, as a table, a page and JSON. */
final class QuickstartResults {
  static final List<String> NEXT =
      List.of(
          "./gymbridge --help                          the commands",
          "./gymbridge train dagger --help             learn in your own environment, from your own expert",
          "./gymbridge serve-policy DIR                serve what you trained",
          "./gymbridge bench bridge                    how fast the bridge is on this machine");

  private static final Map<String, String> LABELS = new LinkedHashMap<>();

  static {
    LABELS.put("nothing", "doing nothing");
    LABELS.put("expert", "expert (%s, over gRPC)");
    LABELS.put("bc", "Behavioral Cloning");
    LABELS.put("dagger", "DAgger");
    LABELS.put("served", "DAgger, served to Python");
  }

  /** Moments of an episode that are shown at most. */
  private static final int FILMED = 60;

  private final QuickstartTask task;
  private final Map<String, Evaluation> evaluations = new LinkedHashMap<>();
  private final LearningCurve curve = new LearningCurve();
  private byte @Nullable [] animation;
  private String noAnimation = "";

  QuickstartResults(QuickstartTask task) {
    this.task = task;
  }

  void put(String name, Evaluation evaluation) {
    evaluations.put(name, evaluation);
  }

  void curve(int labelled, Evaluation evaluation) {
    curve.point(labelled, evaluation.mean(), evaluation.sd());
  }

  private Evaluation get(String name) {
    return Objects.requireNonNull(evaluations.get(name), name);
  }

  /** (R − R_nothing) / (R_expert − R_nothing). */
  private double normalised(String name) {
    double nothing = get("nothing").mean();
    return (get(name).mean() - nothing) / (get("expert").mean() - nothing);
  }

  TextTable table() {
    TextTable table = new TextTable("policy", "return", "± sd", "episodes", "normalised");
    evaluations.forEach(
        (name, evaluation) ->
            table.row(
                Objects.requireNonNull(LABELS.get(name)).formatted(task.expertKind().language()),
                "%.2f".formatted(evaluation.mean()),
                "%.2f".formatted(evaluation.sd()),
                String.valueOf(evaluation.episodes()),
                "%.3f".formatted(normalised(name))));
    return table;
  }

  Map<String, Object> json(Path report) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("environment", task.env());
    evaluations.forEach(
        (name, evaluation) -> {
          Map<String, Object> fields = new LinkedHashMap<>();
          fields.put("mean", evaluation.mean());
          fields.put("sd", evaluation.sd());
          fields.put("episodes", evaluation.episodes());
          fields.put("normalised", normalised(name));
          json.put(name, fields);
        });
    json.put("report", report.toAbsolutePath().toString());
    return json;
  }

  /**
   * Plays three episodes from the same beginnings with three policies, and keeps pictures of the
   * first {@value #FILMED} steps of each. Where the machine cannot render, keeps the reason.
   */
  void animate(String address, Policy expert, Policy cloned, Policy learner, long seed) {
    List<Policy> policies = List.of(expert, cloned, learner);
    List<String> captions = List.of("expert", "Behavioral Cloning", "DAgger");
    int episodes = 3;
    try (VectorEnv env =
            RemoteVectorEnv.connect(
                address,
                task.env(),
                EnvironmentOptions.learning(policies.size())
                    .withRenderMode("rgb_array")
                    .withMaxShards(1)
                    .withKwargs(Map.of("width", 240L, "height", 240L)));
        Animation frames = new Animation(20)) {
      long steps = Math.min(FILMED, env.spec().maxEpisodeSteps());
      try (ProgressLine progress = new ProgressLine("filming", episodes * steps)) {
        for (int episode = 0; episode < episodes; episode++) {
          long start = 2_000_000 + seed + episode;
          Value observations = env.reset(new long[] {start, start, start}, Map.of()).observations();
          for (int step = 0; step < steps; step++) {
            List<Value> actions = new ArrayList<>();
            for (int lane = 0; lane < policies.size(); lane++) {
              actions.add(policies.get(lane).act(observations.take(new int[] {lane}), true));
            }
            observations = env.step(Value.concatenate(actions)).observations();
            List<NdArray> pictures = new ArrayList<>();
            for (@Nullable NdArray picture : env.render(0, 1, 2)) {
              pictures.add(Objects.requireNonNull(picture, "no picture in render mode rgb_array"));
            }
            frames.add(captions, pictures);
            progress.step();
          }
        }
      }
      animation = frames.toGif();
    } catch (GymException | IOException e) {
      noAnimation = "This machine could not render: " + e.getMessage();
      System.err.println("  no animation: " + e.getMessage());
    }
  }

  Report report(long seed) {
    Report report =
        new Report("gymbridge quickstart: " + task.env())
            .paragraph(
                "A Java learner imitated an expert in MuJoCo over gRPC, where a Python server hosted the environment and a "
                    + "%s server the expert; the policy was then served by a Java server to a Python client. Seed %d."
                        .formatted(task.expertKind().language(), seed))
            .table(table())
            .paragraph(
                "Normalised: 0 is doing nothing, 1 is the expert. Behavioral Cloning falls short because small errors"
                    + " lead it to states that the demonstrations never showed; DAgger asks the expert about just"
                    + " those states.")
            .heading("Learning curve");
    curve.reference("expert", get("expert").mean());
    curve.reference("doing nothing", get("nothing").mean());
    curve.reference("Behavioral Cloning", get("bc").mean());
    try {
      report.picture("png", curve.toPng("DAgger"), "return against labelled observations");
    } catch (IOException e) {
      report.paragraph("The chart could not be drawn: " + e.getMessage());
    }
    report.heading("Three episodes, from the same beginnings");
    if (animation != null) {
      report.picture("gif", animation, "expert, Behavioral Cloning and DAgger side by side");
    } else {
      report.paragraph(noAnimation);
    }
    return report.heading("Next").commands(NEXT);
  }
}
