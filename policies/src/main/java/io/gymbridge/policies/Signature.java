package io.gymbridge.policies;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Space;
import java.util.Collection;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Which of a graph's inputs and outputs is what.
 *
 * @param inputs the graph's input for each array of the observation space, by its path: names and
 *     positions with "/" between them, and "" where the space is a single array
 * @param outputs the graph's output for each role it has
 * @param states what goes from one step of an episode to the next; empty for a policy without
 * @param episodeStarts an input of N numbers, 1 where an episode begins; null for a graph without
 * @param rescale whether the graph's actions, of a Box, lie in [−1, 1] and are to be scaled to it;
 *     a mean and standard deviation are in the same units
 */
public record Signature(
    Map<String, String> inputs,
    Map<Role, String> outputs,
    List<State> states,
    @Nullable String episodeStarts,
    boolean rescale) {

  /** The input of a plain observation space, where no signature says otherwise. */
  public static final String OBSERVATIONS = "observations";

  /**
   * A part of the recurrent state: the output of one step is the input of the next, and zero where
   * an episode begins.
   *
   * @param batchAxis which dimension is N: 0, or 1 as in PyTorch's LSTMs
   */
  public record State(String input, String output, int batchAxis) {
    public State {
      if (batchAxis != 0 && batchAxis != 1) {
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "the batch axis of the state \"%s\" is %d, expected 0 or 1"
                .formatted(input, batchAxis));
      }
    }
  }

  public Signature {
    inputs = Map.copyOf(inputs);
    outputs = Map.copyOf(outputs);
    states = List.copyOf(states);
    Set<String> distinct = new HashSet<>(inputs.values());
    states.forEach(state -> distinct.add(state.input()));
    int count = inputs.size() + states.size();
    if (episodeStarts != null) {
      distinct.add(episodeStarts);
      count++;
    }
    if (distinct.size() != count) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "an input of the graph is two things at once: %s, states %s, episode starts %s"
              .formatted(inputs, states, episodeStarts));
    }
  }

  /** Where everything has its own name: {@code observations} (or the paths), and the roles'. */
  public static Signature byName(Space observationSpace, Collection<String> graphOutputs) {
    Map<String, String> inputs = new LinkedHashMap<>();
    for (Leaf leaf : Leaf.of(observationSpace)) {
      inputs.put(leaf.path(), leaf.path().isEmpty() ? OBSERVATIONS : leaf.path());
    }
    Map<Role, String> outputs = new EnumMap<>(Role.class);
    for (Role role : Role.values()) {
      if (graphOutputs.contains(role.jsonName())) {
        outputs.put(role, role.jsonName());
      }
    }
    return new Signature(inputs, outputs, List.of(), null, false);
  }
}
