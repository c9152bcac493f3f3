package io.gymbridge.server.rollout;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Box;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.policies.BundleManifest;
import io.gymbridge.policies.OnnxPolicy;
import io.gymbridge.policies.PolicyBundle;
import io.gymbridge.policies.Role;
import java.util.Arrays;
import java.util.List;

/** A policy that was put, and fits the lanes it is to act in. */
public final class Acting implements AutoCloseable {
  private final long version;
  private final OnnxPolicy policy;
  private final Space actionSpace;
  private final int lanes;

  /** What actions are drawn from; empty where the policy gives no distribution. */
  private final List<Role> distribution;

  private Acting(
      long version, OnnxPolicy policy, Space actionSpace, int lanes, List<Role> distribution) {
    this.version = version;
    this.policy = policy;
    this.actionSpace = actionSpace;
    this.lanes = lanes;
    this.distribution = distribution;
  }

  /**
   * Whether a policy can act in such lanes: values of one size, and episodes that begin by
   * themselves.
   */
  public static boolean suits(EnvSpec spec, AutoresetMode mode) {
    return mode != AutoresetMode.DISABLED
        && isPlain(spec.observationSpace())
        && isPlain(spec.actionSpace());
  }

  private static boolean isPlain(Space space) {
    return space instanceof Box
        || space instanceof Discrete
        || space instanceof MultiDiscrete
        || space instanceof MultiBinary;
  }

  /**
   * Reads a bundle, and has its policy answer as many observations as there are lanes.
   *
   * @param spec of the lanes, which {@link #suits}
   * @throws GymException INVALID_ARGUMENT for a bundle that fails a check, or does not fit the
   *     spaces
   */
  public static Acting read(long version, byte[] bundle, EnvSpec spec, int lanes) {
    PolicyBundle.Loaded loaded = PolicyBundle.load(bundle, 0);
    try {
      BundleManifest manifest = loaded.bundle().manifest();
      if (manifest.signature() != null) {
        throw refused("its graph has a signature of its own; rollouts take the usual names only");
      }
      checkAlike(manifest.observationSpace(), spec.observationSpace(), "observations");
      checkAlike(manifest.actionSpace(), spec.actionSpace(), "actions");
      OnnxPolicy policy = loaded.policy();
      List<Role> drawn =
          manifest.stochastic() ? distribution(policy, spec.actionSpace()) : List.of();
      Acting acting = new Acting(version, policy, spec.actionSpace(), lanes, drawn);
      acting.tryOut(manifest.goldenObservations());
      return acting;
    } catch (RuntimeException e) {
      loaded.policy().close();
      throw e;
    }
  }

  private static void checkAlike(Space found, Space expected, String what) {
    if (!alike(found, expected)) {
      throw refused("its %s are of %s, the session's of %s".formatted(what, found, expected));
    }
  }

  /** Whether members are of one type and shape: bounds of boxes are the session's. */
  private static boolean alike(Space found, Space expected) {
    if (found instanceof Box one && expected instanceof Box other) {
      return one.dtype() == other.dtype() && Arrays.equals(one.shape(), other.shape());
    }
    return found.equals(expected);
  }

  private static List<Role> distribution(OnnxPolicy policy, Space space) {
    boolean gaussian = space instanceof Box box && box.dtype().isFloating();
    boolean categorical = space instanceof Discrete || space instanceof MultiDiscrete;
    if (!policy.stochastic() || !(gaussian || categorical)) {
      throw refused(
          "it says that it is stochastic, but gives no distribution for %s".formatted(space));
    }
    return gaussian ? List.of(Role.MEAN, Role.LOG_STD) : List.of(Role.LOGITS);
  }

  /** One that cannot answer for all lanes at once is refused before it acts. */
  private void tryOut(Value golden) {
    int[] rows = new int[lanes];
    Arrays.setAll(rows, row -> row % golden.batchSize());
    NdArray observations = golden.take(rows).array();
    try {
      NdArray unused = actions(observations);
      if (draws()) {
        outputs(observations, new float[distribution.size()][lanes * actionSpace.flatSize()]);
      }
    } catch (GymException e) {
      throw refused("it fails for %d lanes: %s".formatted(lanes, e.getMessage()));
    }
  }

  private NdArray actions(NdArray observations) {
    return policy.run(observations, Role.ACTIONS.jsonName());
  }

  private void outputs(NdArray observations, float[][] into) {
    policy.run(observations, distribution, into);
  }

  /** Which one it is. */
  public long version() {
    return version;
  }

  /** What computes it, for people. */
  public String engine() {
    return lanes <= policy.rowsInJava() ? "java" : "onnxruntime";
  }

  /** Whether its actions can be drawn. */
  public boolean draws() {
    return !distribution.isEmpty();
  }

  /** A block of deterministic actions. */
  public Block deterministic(int capacity) {
    return new DeterministicBlock(this::actions, actionSpace, capacity, lanes);
  }

  /** A block of drawn actions, of a policy that {@link #draws}. */
  public Block drawn(int capacity, Draws draws, boolean withDistribution) {
    return actionSpace instanceof Box box
        ? new GaussianBlock(this::outputs, box, capacity, draws, withDistribution)
        : new CategoricalBlock(this::outputs, actionSpace, capacity, draws, withDistribution);
  }

  private static GymException refused(String why) {
    return new GymException(Kind.INVALID_ARGUMENT, "the policy bundle is refused: " + why);
  }

  @Override
  public void close() {
    policy.close();
  }
}
