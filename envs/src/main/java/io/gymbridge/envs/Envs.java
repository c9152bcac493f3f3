package io.gymbridge.envs;

import io.gymbridge.core.CheckedEnv;
import io.gymbridge.core.Env;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.TimeLimit;
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
   * @throws GymException NOT_FOUND for an id that is not registered
   */
  public static Env make(String id) {
    Supplier<Env> maker = REGISTERED.get(id);
    if (maker == null) {
      throw new GymException(
          Kind.NOT_FOUND,
          "no Java environment is called \"%s\"; there are %s".formatted(id, ids()));
    }
    Env env = maker.get();
    return new CheckedEnv(env.spec().maxEpisodeSteps() > 0 ? new TimeLimit(env) : env);
  }
}
