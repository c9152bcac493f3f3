package io.gymbridge.policies;

import io.gymbridge.core.Box;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;

/** Makes actions of a graph's outputs. Immutable. */
sealed interface Head permits PlainHead, GaussianHead, CategoricalHead {
  /** Actions, and their log-probabilities where these were asked for. */
  record Decision(NdArray actions, double @Nullable [] logProbabilities) {}

  static Head of(GraphPlan plan, Space actionSpace) {
    if (plan.roles().containsKey(Role.LOGITS) || plan.roles().containsKey(Role.Q_VALUES)) {
      return new CategoricalHead(plan, actionSpace);
    }
    if (plan.roles().containsKey(Role.MEAN)) {
      return new GaussianHead(plan, (Box) actionSpace);
    }
    return new PlainHead(plan, actionSpace);
  }

  boolean stochastic();

  default boolean masks() {
    return false;
  }

  /** The bits of the roles that a question takes. */
  int wanted(Question question);

  /**
   * Decides for a question, whose rows are those of the run from {@code first} on.
   *
   * @param random null for deterministic actions
   * @throws GymException INVALID_ARGUMENT for NaN
   */
  Decision decide(Runner run, int first, Question question, @Nullable RandomGenerator random);

  /** What a policy without a distribution says to a question for a log-probability. */
  static GymException noDistribution() {
    return new GymException(
        Kind.INVALID_ARGUMENT,
        "this policy is deterministic: its actions have no log-probabilities");
  }
}
