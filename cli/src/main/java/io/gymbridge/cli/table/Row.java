package io.gymbridge.cli.table;

import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A row of the table: what is run with each seed.
 *
 * @param algorithm as {@code train} calls it
 * @param env Gymnasium's id
 * @param variant what differs from the algorithm's usual way; null for nothing
 * @param preset whether the environment's preset is used
 * @param steps of the environment; null for the preset's
 * @param trajectories demonstrations; null where none are used
 * @param subsample keeps each so manieth transition of these
 * @param set settings of its own
 * @param published a return that was published for the like; null if none is known
 * @param source where
 */
public record Row(
    String algorithm,
    String env,
    @Nullable String variant,
    boolean preset,
    @Nullable Long steps,
    @Nullable Integer trajectories,
    int subsample,
    @Nullable Map<String, String> set,
    @Nullable Double published,
    @Nullable String source) {

  /** Without the seed: {@code gail-frozen-Hopper-v5-4x20}. */
  public String name() {
    StringBuilder name = new StringBuilder(algorithm);
    if (variant != null) {
      name.append('-').append(variant);
    }
    name.append('-').append(env);
    if (trajectories != null) {
      name.append('-').append(trajectories);
      if (subsample > 1) {
        name.append('x').append(subsample);
      }
    }
    return name.toString();
  }

  /** The algorithm as people write it. */
  public String title() {
    return (algorithm.equals("dagger") ? "DAgger" : algorithm.toUpperCase(java.util.Locale.ROOT))
        + (variant == null ? "" : ", " + variant);
  }

  /** The demonstrations as people write them. */
  public String demonstrations() {
    return trajectories == null ? "" : trajectories + (subsample > 1 ? " ×" + subsample : "");
  }
}
