package io.gymbridge.server.policy;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.policies.Actor;
import io.gymbridge.policies.Outcome;
import io.gymbridge.policies.Question;
import io.gymbridge.transport.Statuses;
import java.util.ArrayList;
import java.util.List;

/** Any policy, asked one question at a time. Thread-safe, whatever the policy is. */
record PlainActor(String name, Policy policy, boolean stochastic) implements Actor {
  @Override
  public Space observationSpace() {
    return policy.observationSpace();
  }

  @Override
  public Space actionSpace() {
    return policy.actionSpace();
  }

  @Override
  public synchronized List<Outcome> answer(List<Question> questions) {
    List<Outcome> outcomes = new ArrayList<>(questions.size());
    for (Question question : questions) {
      try {
        outcomes.add(answer(question));
      } catch (GymException e) {
        outcomes.add(new Outcome.Refusal(e));
      } catch (RuntimeException e) {
        outcomes.add(new Outcome.Refusal(Statuses.raised("the policy " + name, e)));
      }
    }
    return outcomes;
  }

  private Outcome answer(Question question) {
    if (question.draw() != null || question.mask() != null || question.logProbability()) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "the policy %s knows no probabilities: it takes no draw and no mask, and has no log-probability"
              .formatted(name));
    }
    return new Outcome.Answer(
        policy.act(question.observations(), question.deterministic()), null, null, null);
  }

  @Override
  public synchronized void close() {
    policy.close();
  }
}
