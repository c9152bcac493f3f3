package io.gymbridge.cli.learning;

/**
 * One learner on one environment.
 *
 * @param env Gymnasium's id
 */
public record Cell(Algorithm algorithm, String env, Subject subject) {
  /** E.g. {@code gail CartPole-v1 imitation}. */
  public String label() {
    return "%s %s %s".formatted(algorithm.id(), env, subject.id());
  }
}
