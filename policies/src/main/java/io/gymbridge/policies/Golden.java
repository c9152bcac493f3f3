package io.gymbridge.policies;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** What a policy does on golden observations, and whether that is what it did. */
final class Golden {
  private Golden() {}

  /**
   * The deterministic actions for observations, not clipped; those of a recurrent policy as of one
   * episode.
   *
   * @throws GymException as the policy refuses
   */
  static NdArray actions(OnnxPolicy policy, Value observations) {
    if (policy.stateSpace() == null) {
      return policy.answer(new Question(observations, true)).actions().array();
    }
    List<Value> actions = new ArrayList<>();
    Value state = null;
    for (int row = 0; row < observations.batchSize(); row++) {
      Question question =
          new Question(observations.slice(row, 1), true, null, null, state, false, false);
      Outcome.Answer answer = policy.answer(question);
      actions.add(answer.actions());
      state = answer.state();
    }
    return Value.concatenate(actions).array();
  }

  /**
   * Compares.
   *
   * @throws GymException INVALID_ARGUMENT if an action differs by more than {@link
   *     PolicyBundle#PARITY}
   */
  static void check(OnnxPolicy policy, BundleManifest manifest, String where) {
    Value observations = manifest.goldenObservations();
    check(actions(policy, observations), manifest, where);
    if (policy.stateSpace() == null) {
      // One by one they may be computed in another way.
      List<Value> alone = new ArrayList<>();
      for (int row = 0; row < observations.batchSize(); row++) {
        alone.add(actions(policy, observations.slice(row, 1)));
      }
      check(Value.concatenate(alone).array(), manifest, where);
    }
  }

  private static void check(NdArray got, BundleManifest manifest, String where) {
    NdArray expected = manifest.goldenActions();
    if (!Arrays.equals(got.shape(), expected.shape()) || got.dtype() != expected.dtype()) {
      throw different(where, "got %s, expected %s".formatted(got, expected));
    }
    int components = expected.size() / expected.batchSize();
    for (int i = 0; i < expected.size(); i++) {
      double wanted = expected.getDouble(i);
      if (!(Math.abs(got.getDouble(i) - wanted)
          <= PolicyBundle.PARITY * Math.max(1, Math.abs(wanted)))) {
        int row = i / components;
        throw different(
            where,
            "golden observation %d: got %s, expected %s"
                .formatted(row, got.row(row), expected.row(row)));
      }
    }
  }

  private static GymException different(String where, String how) {
    return new GymException(
        Kind.INVALID_ARGUMENT,
        "%s: the policy does not act as it did when it was written: %s".formatted(where, how));
  }
}
