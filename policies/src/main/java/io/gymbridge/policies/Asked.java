package io.gymbridge.policies;

import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A question that fits its policy, taken apart into the graph's inputs. */
final class Asked {
  private final GraphPlan plan;
  private final Question question;
  private final NdArray[] arrays;
  private final NdArray @Nullable [] states;
  private final int n;

  private Asked(GraphPlan plan, Question question, NdArray[] arrays, NdArray @Nullable [] states) {
    this.plan = plan;
    this.question = question;
    this.arrays = arrays;
    this.states = states;
    this.n = arrays[0].batchSize();
  }

  /**
   * Takes a question apart.
   *
   * @throws GymException INVALID_ARGUMENT if the policy cannot answer it
   */
  static Asked of(GraphPlan plan, Actor policy, Question question) {
    List<Leaf> leaves = plan.leaves();
    NdArray[] arrays = new NdArray[leaves.size()];
    for (int i = 0; i < arrays.length; i++) {
      NdArray array = leaves.get(i).in(question.observations());
      if (array == null || (i > 0 && array.batchSize() != arrays[0].batchSize())) {
        throw invalid(
            "got observations %s, expected a batch from %s"
                .formatted(question.observations(), policy.observationSpace()));
      }
      arrays[i] = array;
    }
    if (question.mask() != null && !policy.masks()) {
      throw invalid("this policy takes no action masks: its graph gives no logits");
    }
    if (question.value() && !policy.values()) {
      throw invalid("this policy has no values: its graph has no such output");
    }
    NdArray[] states =
        question.state() == null
            ? null
            : states(policy.stateSpace(), question.state(), arrays[0].batchSize());
    return new Asked(plan, question, arrays, states);
  }

  private static NdArray[] states(@Nullable Space space, Value state, int expected) {
    if (space == null) {
      throw invalid("this policy has no recurrent state, but got one: " + state);
    }
    List<Leaf> leaves = Leaf.of(space);
    NdArray[] states = new NdArray[leaves.size()];
    for (int i = 0; i < states.length; i++) {
      NdArray array = leaves.get(i).in(state);
      if (array == null || array.batchSize() != expected) {
        throw invalid(
            "got the recurrent state %s, expected a batch of %d from %s"
                .formatted(state, expected, space));
      }
      states[i] = array;
    }
    return states;
  }

  private static GymException invalid(String why) {
    return new GymException(Kind.INVALID_ARGUMENT, why);
  }

  Question question() {
    return question;
  }

  /** Rows. */
  int n() {
    return n;
  }

  /** Puts the inputs into the rows of a run from {@code first} on. */
  void put(Runner run, int first) {
    int input = 0;
    for (NdArray array : arrays) {
      run.put(input++, array, n, first);
    }
    for (int i = 0; i < plan.stateOutputs().size(); i++) {
      run.put(input++, states == null ? null : states[i], n, first);
    }
    if (plan.signature().episodeStarts() != null) {
      for (int row = 0; row < n; row++) {
        run.put(input, first + row, starts(row) ? 1 : 0);
      }
    }
  }

  /** Whether a row's state is zero, as it is where an episode begins, and hardly anywhere else. */
  private boolean starts(int row) {
    if (states == null) {
      return true;
    }
    for (NdArray state : states) {
      int size = state.size() / n;
      for (int i = row * size; i < (row + 1) * size; i++) {
        if (state.getDouble(i) != 0) {
          return false;
        }
      }
    }
    return true;
  }

  /** The states after a run. */
  Value next(Runner run, int first, Dict stateSpace) {
    Map<String, Value> parts = new LinkedHashMap<>();
    int index = 0;
    for (String name : stateSpace.spaces().keySet()) {
      int[] row = plan.inputs().get(plan.leaves().size() + index).row();
      int[] shape = new int[row.length + 1];
      shape[0] = n;
      System.arraycopy(row, 0, shape, 1, row.length);
      parts.put(name, run.state(index, first, n, shape));
      index++;
    }
    return new DictValue(parts);
  }
}
