package io.gymbridge.policies;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Makes bundles of graphs that were written by others: finds out which input and output is what,
 * checks that they fit the spaces, and records what the graph does as golden actions.
 *
 * @param observationSpace of a single observation
 * @param actionSpace of a single action
 * @param inputs the graph's input by path, as in {@link Signature#inputs}, where the names do not
 *     tell
 * @param outputs the graph's output by role, where the names do not tell
 * @param states the graph's state outputs by the inputs they go into
 * @param batchAxis of the states; null to see it from their shapes
 * @param episodeStarts the input for the starts of episodes; null for {@code episode_starts}, if
 *     there is one
 * @param rescale as {@link Signature#rescale}
 */
public record OnnxImport(
    Space observationSpace,
    Space actionSpace,
    Map<String, String> inputs,
    Map<Role, String> outputs,
    Map<String, String> states,
    @Nullable Integer batchAxis,
    @Nullable String episodeStarts,
    boolean rescale) {
  private static final int GOLDEN = 16;
  private static final String EPISODE_STARTS = "episode_starts";

  /**
   * The bundle of a graph.
   *
   * @param onnx the model; {@link OnnxCheck} says what it may be made of
   * @param name of the policy, for people
   * @param environment the id of what it acts in
   * @param observations at least 8 real ones, for a recurrent policy of one episode; null to draw
   *     some from the space
   * @param seed of that
   * @throws GymException INVALID_ARGUMENT if the graph does not fit, with what it has and what was
   *     expected
   */
  public PolicyBundle bundle(
      byte[] onnx, String name, String environment, @Nullable Value observations, long seed) {
    Signature signature = signature(onnx);
    try (OnnxPolicy policy = new OnnxPolicy(onnx, signature, observationSpace, actionSpace, 0)) {
      Value golden = observations == null ? drawn(seed) : some(observations);
      BundleManifest manifest =
          new BundleManifest(
              name,
              "imported",
              environment,
              observationSpace,
              actionSpace,
              policy.stochastic(),
              Map.of("type", "onnx"),
              Map.of("golden", observations == null ? "sampled with seed " + seed : "given"),
              golden,
              Golden.actions(policy, golden),
              signature);
      Golden.check(
          policy, manifest, "asked again, it answers otherwise: export it without random numbers");
      return new PolicyBundle(manifest, onnx, null);
    }
  }

  private Value drawn(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return observationSpace.stack(
        Stream.generate(() -> observationSpace.sample(random)).limit(GOLDEN).toList());
  }

  private static Value some(Value observations) {
    return observations.slice(0, Math.min(GOLDEN, observations.batchSize()));
  }

  /** Null where everything has its own name, so that it need not be said. */
  private @Nullable Signature signature(byte[] onnx) {
    OrtSession session = OnnxRuntime.load(onnx);
    try {
      Signature found =
          new Signature(
              inputs(session.getInputInfo()),
              outputs(session.getOutputInfo()),
              states(session.getInputInfo()),
              starts(session.getInputInfo().keySet()),
              rescale);
      return found.equals(Signature.byName(observationSpace, session.getOutputNames()))
          ? null
          : found;
    } catch (OrtException e) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "cannot read what the graph has: " + e.getMessage(), null, e);
    } finally {
      OnnxRuntime.close(session);
    }
  }

  private @Nullable String starts(Set<String> graphInputs) {
    boolean there = graphInputs.contains(EPISODE_STARTS) && !inputs.containsValue(EPISODE_STARTS);
    return episodeStarts == null && there && !states.isEmpty() ? EPISODE_STARTS : episodeStarts;
  }

  /** Those given, then those of the same name; what is left over is the one that is missing. */
  private Map<String, String> inputs(Map<String, NodeInfo> graph) {
    Set<String> left = new LinkedHashSet<>(graph.keySet());
    left.removeAll(states.keySet());
    left.removeAll(inputs.values());
    String starts = starts(graph.keySet());
    if (starts != null) {
      left.remove(starts);
    }
    Map<String, String> found = new LinkedHashMap<>(inputs);
    List<Leaf> missing = new ArrayList<>();
    Set<String> unknown = new LinkedHashSet<>(inputs.keySet());
    for (Leaf leaf : Leaf.of(observationSpace)) {
      String own = leaf.path().isEmpty() ? Signature.OBSERVATIONS : leaf.path();
      unknown.remove(leaf.path());
      if (!found.containsKey(leaf.path()) && left.remove(own)) {
        found.put(leaf.path(), own);
      } else if (!found.containsKey(leaf.path())) {
        missing.add(leaf);
      }
    }
    if (!unknown.isEmpty()) {
      throw unclear("there is no %s in %s".formatted(unknown, observationSpace), graph.values());
    }
    if (missing.size() == 1 && left.size() == 1) {
      found.put(missing.get(0).path(), left.iterator().next());
    } else if (!missing.isEmpty()) {
      throw unclear("which input is for %s?".formatted(missing), graph.values());
    }
    return found;
  }

  private Map<Role, String> outputs(Map<String, NodeInfo> graph) {
    Set<String> left = new LinkedHashSet<>(graph.keySet());
    left.removeAll(states.values());
    left.removeAll(outputs.values());
    Map<Role, String> found = new EnumMap<>(Role.class);
    found.putAll(outputs);
    for (Role role : Role.values()) {
      if (!found.containsKey(role) && left.remove(role.jsonName())) {
        found.put(role, role.jsonName());
      }
    }
    boolean decides =
        Stream.of(Role.ACTIONS, Role.MEAN, Role.LOGITS, Role.Q_VALUES).anyMatch(found::containsKey);
    if (!decides) {
      if (left.size() != 1) {
        throw unclear("which output has the actions?", graph.values());
      }
      found.put(Role.ACTIONS, left.iterator().next());
    }
    return found;
  }

  private List<Signature.State> states(Map<String, NodeInfo> graph) {
    List<Signature.State> found = new ArrayList<>();
    for (Map.Entry<String, String> state : new java.util.TreeMap<>(states).entrySet()) {
      NodeInfo node = graph.get(state.getKey());
      if (node == null || !(node.getInfo() instanceof TensorInfo tensor)) {
        throw unclear("there is no input \"%s\"".formatted(state.getKey()), graph.values());
      }
      int axis = batchAxis == null ? axis(tensor.getShape()) : batchAxis;
      found.add(new Signature.State(state.getKey(), state.getValue(), axis));
    }
    return found;
  }

  /** Where the shape is open, or else as PyTorch has it: (layers, N, units), (N, units). */
  private static int axis(long[] shape) {
    if (shape.length > 1 && shape[0] < 0 != shape[1] < 0) {
      return shape[0] < 0 ? 0 : 1;
    }
    return shape.length > 2 ? 1 : 0;
  }

  private static GymException unclear(String question, Collection<NodeInfo> graph) {
    return new GymException(
        Kind.INVALID_ARGUMENT,
        "%s The graph has %s".formatted(question, GraphPlan.describe(graph)));
  }
}
