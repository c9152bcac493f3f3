package io.gymbridge.envs;

import io.gymbridge.core.CheckedEnv;
import io.gymbridge.core.Env;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.TimeLimit;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;

/** The registration list. Thread-safe. */
public final class Envs {
  private static final Map<String, Supplier<Env>> REGISTERED = new TreeMap<>();

  static {
    register("CartPole-v1", CartPole::new);
  }

  private Envs() {}

  private static void register(String id, Supplier<Env> maker) {
    REGISTERED.put(id, maker);
  }

  /** What {@link #make} takes, sorted. */
  public static List<String> ids() {
    return List.copyOf(REGISTERED.keySet());
  }

  /**
   * Makes an environment, with its time limit, that refuses wrong actions and steps before a reset.
   *
   * @throws GymException NOT_FOUND for an id that is not registered, naming the closest one that is
   */
  public static Env make(String id) {
    Supplier<Env> maker = REGISTERED.get(id);
    if (maker == null) {
      String closest =
          ids().stream().min(Comparator.comparingInt(known -> distance(id, known))).orElseThrow();
      throw new GymException(
          Kind.NOT_FOUND,
          "no Java environment is called \"%s\"; the closest is \"%s\", of %s"
              .formatted(id.length() > 100 ? id.substring(0, 100) + "…" : id, closest, ids()));
    }
    Env env = maker.get();
    return new CheckedEnv(env.spec().maxEpisodeSteps() > 0 ? new TimeLimit(env) : env);
  }

  /** Levenshtein's distance, of the first 100 characters. */
  private static int distance(String id, String known) {
    int length = Math.min(id.length(), 100);
    int[] row = new int[known.length() + 1];
    for (int j = 0; j < row.length; j++) {
      row[j] = j;
    }
    for (int i = 1; i <= length; i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j < row.length; j++) {
        int above = row[j];
        int substituted = diagonal + (id.charAt(i - 1) == known.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(substituted, 1 + Math.min(above, row[j - 1]));
        diagonal = above;
      }
    }
    return row[known.length()];
  }
}
