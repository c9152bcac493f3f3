package io.gymbridge.server.policy;

import io.gymbridge.core.Policy;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.policies.Actor;
import io.gymbridge.policies.Outcome;
import io.gymbridge.policies.Question;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * An {@link Actor} as a {@link Policy} of one stream of episodes, with the state that it has kept.
 * Closing it leaves the actor open. Not thread-safe.
 */
final class Asking implements Policy {
  private final Actor actor;
  private @Nullable Value state;

  Asking(Actor actor) {
    this.actor = actor;
  }

  @Override
  public Space observationSpace() {
    return actor.observationSpace();
  }

  @Override
  public Space actionSpace() {
    return actor.actionSpace();
  }

  @Override
  public void beginEpisodes(boolean[] rows) {
    Value kept = state;
    if (kept == null) {
      return;
    }
    List<Value> each = new ArrayList<>();
    for (int row = 0; row < rows.length; row++) {
      each.add(rows[row] ? Zeros.of(actor.stateSpace()) : kept.row(row));
    }
    state = Value.stack(each);
  }

  @Override
  public Value act(Value observations, boolean deterministic) {
    Question question = new Question(observations, deterministic, null, null, state, false, false);
    Outcome outcome = actor.answer(List.of(question)).get(0);
    if (outcome instanceof Outcome.Refusal refusal) {
      throw refusal.reason();
    }
    Outcome.Answer answer = (Outcome.Answer) outcome;
    state = answer.state();
    return Clip.into(actor.actionSpace(), answer.actions());
  }
}
