package io.gymbridge.server;

import io.gymbridge.core.Dict;
import io.gymbridge.core.Env;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.util.List;
import java.util.Set;

/**
 * The names that a session may call, read and set; goal environments' {@code compute_reward} may
 * always be called.
 */
final class AllowedAttributes {
  static final String COMPUTE_REWARD = "compute_reward";
  private static final Set<String> GOAL_KEYS =
      Set.of("observation", "achieved_goal", "desired_goal");

  private final List<String> names;
  private final boolean hasGoals;

  /** Of environments like this one, by names that the server was told. */
  AllowedAttributes(List<String> names, Env env) {
    this.names = names;
    this.hasGoals = hasGoals(env);
  }

  /**
   * Whether an environment has goals: a {@code compute_reward}, and a Dict of observation,
   * achieved_goal and desired_goal.
   */
  static boolean hasGoals(Env env) {
    return env.spec().observationSpace() instanceof Dict dict
        && dict.spaces().keySet().containsAll(GOAL_KEYS)
        && env.attributes().names().contains(COMPUTE_REWARD);
  }

  /** PERMISSION_DENIED for a name that may be neither called nor read. */
  void checkCall(String name) {
    if (!(hasGoals && name.equals(COMPUTE_REWARD))) {
      checkSet(name);
    }
  }

  /** PERMISSION_DENIED for a name that may not be set. */
  void checkSet(String name) {
    String shown = name.length() > 100 ? name.substring(0, 100) + "…" : name;
    if (name.startsWith("_")) {
      throw refused(
          "the attribute \"%s\" is private: names with a leading underscore are never allowed"
              .formatted(shown));
    }
    if (!names.contains(name)) {
      throw refused(
          "the attribute \"%s\" is not allowed (allowed: %s); start the server with --allow-attributes %s"
              .formatted(shown, names.isEmpty() ? "none" : String.join(", ", names), shown));
    }
  }

  private static GymException refused(String message) {
    return new GymException(Kind.PERMISSION_DENIED, message);
  }
}
