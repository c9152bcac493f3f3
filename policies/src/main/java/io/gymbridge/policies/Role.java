package io.gymbridge.policies;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.util.Arrays;
import java.util.Locale;

/** What an output of a policy's graph means; N is the number of observations. */
public enum Role {
  /** The deterministic actions, (N, …) as in the action space. */
  ACTIONS(1),
  /** A Gaussian's mean, (N, components), in units of actions. */
  MEAN(2),
  /**
   * The logarithm of its standard deviation, (N, components), or the same for all: (components).
   */
  LOG_STD(4),
  /** Unnormalised log-probabilities of each component's choices, (N, Σ choices). */
  LOGITS(8),
  /** What each choice is worth, (N, Σ choices): the best is the action, and nothing is drawn. */
  Q_VALUES(16),
  /** What the observation is worth, (N) or (N, 1). */
  VALUE(32);

  /** How many sets of roles there are. */
  static final int SETS = 64;

  private final int bit;

  Role(int bit) {
    this.bit = bit;
  }

  /** As the manifest spells it, and graphs of our own do. */
  public String jsonName() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * The reverse of {@link #jsonName}.
   *
   * @throws GymException INVALID_ARGUMENT for any other name
   */
  public static Role of(String name) {
    for (Role role : values()) {
      if (role.jsonName().equals(name)) {
        return role;
      }
    }
    throw new GymException(
        Kind.INVALID_ARGUMENT,
        "\"%s\" is no role of an output: there are %s"
            .formatted(name, Arrays.stream(values()).map(Role::jsonName).toList()));
  }

  /** The sum of roles' bits stands for their set. */
  int bit() {
    return bit;
  }
}
