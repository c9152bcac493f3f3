package io.gymbridge.learners;

import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.Evaluation;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Space;
import io.gymbridge.core.Trajectory;
import io.gymbridge.core.Value;
import io.gymbridge.learners.nn.Mlp;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The reward that GAIL or AIRL has learned, as it was when it was taken: a function of transitions
 * that does not change any more. Not thread-safe.
 *
 * <p>Where it was learned with a state after the task's end, a terminated transition is worth what
 * that state pays for ever, discounted, besides.
 */
public final class LearnedReward {
  private static final int CHUNK = 1024;

  /** Which function of the networks' outputs is paid. */
  public enum Form {
    /** GAIL: −log(1 − D). */
    POSITIVE,
    /** GAIL: log D. */
    NEGATIVE,
    /** GAIL: log D − log(1 − D). */
    LOGIT,
    /** AIRL: g alone, without the potential's shaping: what can be taken to other dynamics. */
    UNSHAPED,
    /** AIRL: f = g + γ·h(s′) − h(s). */
    SHAPED;

    /** Whether it is one of AIRL's. */
    public boolean isAirl() {
      return this == UNSHAPED || this == SHAPED;
    }
  }

  private final Form form;
  private final TransitionEncoder encoder;
  private final double gamma;
  private final boolean stateOnly;
  private final Mlp network;
  private final @Nullable Mlp potential;
  private final Mlp.Pass pass;
  private final Mlp.@Nullable Pass potentialPass;
  private final Mlp.@Nullable Pass nextPass;
  private final TransitionBatch batch;
  private final double after;

  /**
   * A reward over networks of its own.
   *
   * @param encoder whose statistics do not change any more
   * @param gamma discount of the learner that it was learned for
   * @param network GAIL's discriminator, or AIRL's g
   * @param stateOnly whether the network sees the state alone
   * @param potential AIRL's h; null for GAIL
   */
  LearnedReward(
      Form form,
      TransitionEncoder encoder,
      double gamma,
      boolean stateOnly,
      Mlp network,
      @Nullable Mlp potential) {
    if (form.isAirl() != (potential != null)) {
      throw new IllegalArgumentException("AIRL has a potential, GAIL has none");
    }
    this.form = form;
    this.encoder = encoder;
    this.gamma = gamma;
    this.stateOnly = stateOnly;
    this.network = network;
    this.potential = potential;
    this.pass = network.pass(CHUNK);
    this.potentialPass = potential == null ? null : potential.pass(CHUNK);
    this.nextPass = potential == null ? null : potential.pass(CHUNK);
    this.batch = encoder.batch(CHUNK);
    this.after = encoder.absorbing() ? afterTheEnd() : 0;
  }

  private double afterTheEnd() {
    double[] reward = new double[1];
    batch.setAbsorbing(0);
    evaluate(batch, 1, reward);
    return reward[0] * gamma / (1 - gamma);
  }

  /** A copy of networks and statistics as they are now. */
  static LearnedReward snapshot(
      Form form,
      TransitionEncoder encoder,
      double gamma,
      boolean stateOnly,
      Mlp network,
      @Nullable Mlp potential) {
    return new LearnedReward(
        form,
        encoder.frozen(),
        gamma,
        stateOnly,
        copy(network),
        potential == null ? null : copy(potential));
  }

  private static Mlp copy(Mlp network) {
    Mlp copy = new Mlp(network.shape());
    System.arraycopy(
        network.parameters(), network.offset(), copy.parameters(), 0, network.shape().parameters());
    return copy;
  }

  /**
   * Reads a file.
   *
   * @throws GymException NOT_FOUND if there is none; INVALID_ARGUMENT if it is damaged, or no
   *     learned reward
   */
  public static LearnedReward read(Path file) {
    return LearnedRewardFile.read(file);
  }

  /**
   * Writes a file: readers see the old one or the new one.
   *
   * @throws IOException if it cannot be written; the old one, if any, is untouched
   */
  public void write(Path file) throws IOException {
    LearnedRewardFile.write(this, file);
  }

  public Form form() {
    return form;
  }

  /**
   * The same networks, paid otherwise.
   *
   * @throws GymException INVALID_ARGUMENT where one is GAIL's and the other AIRL's
   */
  public LearnedReward withForm(Form other) {
    if (other.isAirl() != form.isAirl()) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "a reward that was learned as %s cannot be paid as %s: %s"
              .formatted(
                  form,
                  other,
                  form.isAirl()
                      ? "AIRL's are UNSHAPED and SHAPED"
                      : "GAIL's are POSITIVE, NEGATIVE and LOGIT"));
    }
    return new LearnedReward(other, encoder, gamma, stateOnly, network, potential);
  }

  /** Of a single observation. */
  public Space observationSpace() {
    return encoder.observations().space();
  }

  /** Of a single action. */
  public Space actionSpace() {
    return encoder.head().space();
  }

  /** Whether it depends on the state alone; otherwise also on the action. */
  public boolean stateOnly() {
    return stateOnly && form != Form.SHAPED;
  }

  /**
   * Refuses an environment that it says nothing about.
   *
   * @throws GymException INVALID_ARGUMENT if it was learned in other spaces
   */
  public void check(EnvSpec spec) {
    if (!spec.observationSpace().equals(observationSpace())
        || !spec.actionSpace().equals(actionSpace())) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "the reward was learned on observations in %s and actions in %s; %s has %s and %s"
              .formatted(
                  observationSpace(),
                  actionSpace(),
                  spec.id(),
                  spec.observationSpace(),
                  spec.actionSpace()));
    }
  }

  double gamma() {
    return gamma;
  }

  /** Whether the network itself sees no action, whatever the form. */
  boolean networkSeesStateOnly() {
    return stateOnly;
  }

  TransitionEncoder encoder() {
    return encoder;
  }

  Mlp network() {
    return network;
  }

  @Nullable Mlp potential() {
    return potential;
  }

  /**
   * What N transitions are worth.
   *
   * @param observations a batch of N, before each step
   * @param actions a batch of N
   * @param nextObservations a batch of N, after each step: of an episode that has ended its last
   * @param terminated N of them: whether the step reached the task's own end
   * @throws GymException INVALID_ARGUMENT if they do not fit together, or do not fit the spaces
   */
  public double[] of(
      Value observations, Value actions, Value nextObservations, boolean[] terminated) {
    return of(
        encoder.observations().encode(observations),
        actions,
        encoder.observations().encode(nextObservations),
        terminated);
  }

  /** What each step of an episode is worth. */
  public double[] of(Trajectory episode) {
    int steps = episode.length();
    boolean[] terminated = new boolean[steps];
    terminated[steps - 1] = episode.terminated();
    return of(
        episode.observations().slice(0, steps),
        episode.actions(),
        episode.observations().slice(1, steps),
        terminated);
  }

  /** What episodes that were played are worth by this reward. */
  public Evaluation evaluate(List<Trajectory> episodes) {
    return new Evaluation(
        episodes.stream().mapToDouble(episode -> Arrays.stream(of(episode)).sum()).toArray(),
        episodes.stream().mapToInt(Trajectory::length).toArray());
  }

  /** The same for observations that are encoded already. */
  double[] of(float[] observations, Value actions, float[] nextObservations, boolean[] terminated) {
    int n = terminated.length;
    int width = batch.width;
    float[] encoded = encoder.head().fromSpace(actions);
    if (observations.length != n * width
        || nextObservations.length != n * width
        || encoded.length != n * batch.actionSize) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "%d transitions want as many observations, actions and next observations, got %d, %d and %d"
              .formatted(
                  n,
                  observations.length / width,
                  encoded.length / batch.actionSize,
                  nextObservations.length / width));
    }
    double[] rewards = new double[n];
    double[] part = new double[CHUNK];
    for (int from = 0; from < n; from += CHUNK) {
      int count = Math.min(CHUNK, n - from);
      System.arraycopy(observations, from * width, batch.observations, 0, count * width);
      System.arraycopy(nextObservations, from * width, batch.nextObservations, 0, count * width);
      System.arraycopy(
          encoded, from * batch.actionSize, batch.actions, 0, count * batch.actionSize);
      System.arraycopy(terminated, from, batch.terminated, 0, count);
      Arrays.fill(batch.absorbing, 0, count, false);
      pay(batch, count, part);
      System.arraycopy(part, 0, rewards, from, count);
    }
    return rewards;
  }

  /** The first n rows' rewards, at most {@value #CHUNK}. */
  private void pay(TransitionBatch rows, int n, double[] rewards) {
    evaluate(rows, n, rewards);
    for (int i = 0; i < n; i++) {
      rewards[i] += rows.terminated[i] ? after : 0;
    }
  }

  private void evaluate(TransitionBatch rows, int n, double[] rewards) {
    if (stateOnly) {
      encoder.states(rows, n, false, pass.input());
    } else {
      encoder.stateActions(rows, n, pass.input());
    }
    pass.forward(n);
    for (int i = 0; i < n; i++) {
      double output = pass.output()[i];
      rewards[i] =
          switch (form) {
            case POSITIVE -> Adversary.softplus(output);
            case NEGATIVE -> -Adversary.softplus(-output);
            case LOGIT, UNSHAPED, SHAPED -> output;
          };
    }
    if (form == Form.SHAPED && potentialPass != null && nextPass != null) {
      encoder.states(rows, n, false, potentialPass.input());
      encoder.states(rows, n, true, nextPass.input());
      potentialPass.forward(n);
      nextPass.forward(n);
      for (int i = 0; i < n; i++) {
        rewards[i] +=
            (rows.terminated[i] ? 0 : gamma * nextPass.output()[i]) - potentialPass.output()[i];
      }
    }
  }
}
