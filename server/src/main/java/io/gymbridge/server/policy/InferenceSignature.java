package io.gymbridge.server.policy;

import io.gymbridge.core.DType;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Space;
import io.gymbridge.policies.Actor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The tensors by which the Open Inference Protocol asks a policy: first the observations', then the
 * optional ones. Immutable.
 */
final class InferenceSignature {
  static final String OBSERVATIONS = "observations";
  static final String ACTIONS = "actions";
  static final String ACTION_MASK = "action_mask";
  static final String LOG_PROBABILITY = "log_probability";
  static final String VALUE = "value";
  private static final String STATE = "state";

  private final List<InferenceTensor> inputs = new ArrayList<>();
  private final List<InferenceTensor> outputs = new ArrayList<>();
  private final Map<String, Integer> inputsByName = new HashMap<>();
  private final Map<String, Integer> outputsByName = new HashMap<>();
  private final int observations;
  private final int actions;
  private final int states;
  private final int mask;
  private final int logProbability;
  private final int value;
  private final @Nullable String unusable;

  /** The tensors of a policy; where it has none, {@link #check} says why. */
  InferenceSignature(Actor actor) {
    List<InferenceTensor> observed = List.of();
    List<InferenceTensor> done = List.of();
    List<InferenceTensor> kept = List.of();
    String reason = null;
    try {
      observed = InferenceTensor.of(actor.observationSpace(), OBSERVATIONS, "");
      done = InferenceTensor.of(actor.actionSpace(), ACTIONS, ACTIONS + ".");
      Space state = actor.stateSpace();
      kept = state == null ? List.of() : InferenceTensor.of(state, STATE, STATE + ".");
    } catch (GymException e) {
      reason = e.getMessage();
    }
    observations = observed.size();
    actions = done.size();
    states = kept.size();
    observed.forEach(tensor -> add(tensor, inputs, inputsByName));
    kept.forEach(tensor -> add(tensor, inputs, inputsByName));
    done.forEach(tensor -> add(tensor, outputs, outputsByName));
    kept.forEach(tensor -> add(tensor, outputs, outputsByName));
    if (reason == null
        && (inputs.size() != inputsByName.size() || outputs.size() != outputsByName.size())) {
      reason = "two of its tensors would have one name, among " + inputs + " and " + outputs;
    }
    unusable = reason;
    // A Dict may have a mask among its observations, which is the policy's own business.
    boolean masks = actor.masks() && !inputsByName.containsKey(ACTION_MASK);
    mask =
        masks
            ? add(
                new InferenceTensor(
                    ACTION_MASK, DType.BOOL, new int[] {actor.actionSpace().flatSize()}),
                inputs,
                inputsByName)
            : -1;
    // A plain policy may draw its actions, and knows no probabilities.
    boolean probabilities = actor.stochastic() && !(actor instanceof PlainActor);
    logProbability =
        probabilities
            ? add(
                new InferenceTensor(LOG_PROBABILITY, DType.FLOAT64, new int[0]),
                outputs,
                outputsByName)
            : -1;
    value =
        actor.values()
            ? add(new InferenceTensor(VALUE, DType.FLOAT32, new int[0]), outputs, outputsByName)
            : -1;
  }

  private static int add(
      InferenceTensor tensor, List<InferenceTensor> list, Map<String, Integer> byName) {
    list.add(tensor);
    byName.put(tensor.name(), list.size() - 1);
    return list.size() - 1;
  }

  /**
   * Refuses a policy that cannot be asked by tensors.
   *
   * @throws GymException UNIMPLEMENTED, saying why
   */
  void check(Version version) {
    if (unusable != null) {
      throw new GymException(
          Kind.UNIMPLEMENTED,
          "the policy %s cannot be asked by the Open Inference Protocol: %s. Ask it by gymbridge.v1.PolicyService"
              .formatted(version.policy(), unusable));
    }
  }

  boolean usable() {
    return unusable == null;
  }

  /** The observations', the states', and perhaps the mask. */
  List<InferenceTensor> inputs() {
    return inputs;
  }

  /** The actions', the states', and perhaps log-probability and value. */
  List<InferenceTensor> outputs() {
    return outputs;
  }

  /** The place of an input, −1 where there is none of the name. */
  int input(String name) {
    Integer place = inputsByName.get(name);
    return place == null ? -1 : place;
  }

  /** The place of an output, −1 where there is none of the name. */
  int output(String name) {
    Integer place = outputsByName.get(name);
    return place == null ? -1 : place;
  }

  /** How many inputs make up the observations; they come first. */
  int observations() {
    return observations;
  }

  /** How many outputs make up the actions; they come first. */
  int actions() {
    return actions;
  }

  /** How many inputs make up the state, after the observations, and outputs, after the actions. */
  int states() {
    return states;
  }

  /** Place of the mask among the inputs; −1 for none. */
  int mask() {
    return mask;
  }

  /** Place of the log-probabilities among the outputs; −1 for none. */
  int logProbability() {
    return logProbability;
  }

  /** Place of the values among the outputs; −1 for none. */
  int value() {
    return value;
  }
}
