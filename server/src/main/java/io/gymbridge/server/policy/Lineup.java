package io.gymbridge.server.policy;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which versions of a policy are in service, and as what.
 *
 * @param latest the newest so many; 0 where {@code versions} says which
 * @param versions these and no others; empty where {@code latest} says how many
 * @param labels versions by label
 * @param canaryShare share, 0 … 1, of episodes without a wish that get the version called {@value
 *     #CANARY}
 */
record Lineup(int latest, List<String> versions, Map<String, String> labels, double canaryShare) {
  /** What answers those who wish for no version, where it is set. */
  static final String STABLE = "stable";

  /** What answers a share of them. */
  static final String CANARY = "canary";

  /** The newest version, for everybody. */
  static final Lineup NEWEST = new Lineup(1, List.of(), Map.of(), 0);

  Lineup {
    versions = List.copyOf(versions);
    labels = new TreeMap<>(labels);
    if (latest < 0 || (latest == 0) == versions.isEmpty()) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "got latest %d and versions %s, expected one of the two: the number of newest versions to keep in service, or their names"
              .formatted(latest, versions));
    }
    if (!(canaryShare >= 0 && canaryShare <= 1)) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "got a canary's share of %s, expected 0 … 1".formatted(canaryShare));
    }
    for (String label : labels.keySet()) {
      Names.check("label", label);
    }
    if (canaryShare > 0 && !labels.containsKey(CANARY)) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "there is a share for the canary, and no version labelled so");
    }
  }

  /** The same with a label on another version. */
  Lineup withLabel(String label, String version) {
    Map<String, String> changed = new TreeMap<>(labels);
    changed.put(label, version);
    return new Lineup(latest, versions, changed, canaryShare);
  }
}
