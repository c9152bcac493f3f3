package io.gymbridge.envs;

import static java.util.stream.Collectors.toSet;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.BatchVectorEnv;
import io.gymbridge.core.CheckedEnv;
import io.gymbridge.core.ClosestName;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvBatch;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.StatefulEnv;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.TabularMdp;
import io.gymbridge.core.TimeLimit;
import io.gymbridge.core.VectorEnv;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** The registration list, and how environments are made from it. Thread-safe. */
public final class Envs {
  private static final Map<String, Registration> REGISTERED = new TreeMap<>();

  static {
    // Classic control
    register("CartPole-v1", batch(CartPole::new), 500, 475);
    register("MountainCar-v0", batch(MountainCar::new), 200, -110);
    register("MountainCarContinuous-v0", batch(MountainCarContinuous::new), 999, 90);
    register("Pendulum-v1", batch(Pendulum::new), 200);
    register("Acrobot-v1", batch(Acrobot::new), 500, -100);

    // Toy text
    register("Blackjack-v1", Blackjack::new, Map.of("sab", true, "natural", false));
    register("FrozenLake-v1", FrozenLake::new, 100, 0.70, Map.of("map_name", "4x4"));
    register("FrozenLake8x8-v1", FrozenLake::new, 200, 0.85, Map.of("map_name", "8x8"));
    register("CliffWalking-v1", CliffWalking::new, Map.of());
    register("CliffWalkingSlippery-v1", CliffWalking::new, Map.of("is_slippery", true));
    register("Taxi-v4", Taxi::new, 200, 8);

    // Inverse reinforcement learning: not Gymnasium's
    register("gymbridge/GridWorld-v0", GridWorld::new, 100);
    register("gymbridge/ObjectWorld-v0", ObjectWorld::new, 50);
    register("gymbridge/PointMaze-v0", PointMaze::new, 100);
  }

  private Envs() {}

  private static Registration.Maker batch(Registration.BatchMaker maker) {
    return maker;
  }

  private static void register(
      String id,
      Registration.Maker maker,
      long maxEpisodeSteps,
      double rewardThreshold,
      Map<String, Object> kwargs) {
    REGISTERED.put(
        id,
        new Registration(id, maxEpisodeSteps, OptionalDouble.of(rewardThreshold), kwargs, maker));
  }

  private static void register(
      String id, Registration.Maker maker, long maxEpisodeSteps, double rewardThreshold) {
    register(id, maker, maxEpisodeSteps, rewardThreshold, Map.of());
  }

  private static void register(String id, Registration.Maker maker, long maxEpisodeSteps) {
    REGISTERED.put(
        id, new Registration(id, maxEpisodeSteps, OptionalDouble.empty(), Map.of(), maker));
  }

  private static void register(String id, Registration.Maker maker, Map<String, Object> kwargs) {
    REGISTERED.put(id, new Registration(id, 0, OptionalDouble.empty(), kwargs, maker));
  }

  /** What {@link #make} takes, sorted. */
  public static List<String> ids() {
    return List.copyOf(REGISTERED.keySet());
  }

  /** Makes an environment as it is registered. */
  public static StatefulEnv make(String id) {
    return make(id, Map.of());
  }

  /**
   * Makes an environment, with its time limit, that refuses wrong actions and steps before a reset.
   *
   * @param kwargs keyword arguments, by Gymnasium's names; values as in {@link Env.Reset#info}.
   *     {@code render_mode} is one of the metadata's, or null: it is checked, and decides nothing,
   *     since pictures and texts are only drawn when they are asked for
   * @throws GymException NOT_FOUND for an id that is not registered, naming the closest one that
   *     is; INVALID_ARGUMENT for a keyword argument that the environment does not know, naming
   *     those it does, or a value of another type or out of range
   */
  public static StatefulEnv make(String id, Map<String, ?> kwargs) {
    StatefulEnv env = made(id, kwargs);
    if (registration(id).maker() instanceof Registration.BatchMaker) {
      return env;
    }
    return new CheckedEnv(env.spec().maxEpisodeSteps() > 0 ? new TimeLimit(env) : env);
  }

  /**
   * Makes environments that are stepped together, by a batch of their own where they have one:
   * Gymnasium's {@code make_vec}.
   *
   * @param kwargs as for {@link #make}
   * @throws GymException as {@link #make}
   */
  public static VectorEnv makeVec(
      String id, int numEnvs, AutoresetMode autoresetMode, Map<String, ?> kwargs) {
    EnvBatch batch = makeBatch(id, numEnvs, kwargs);
    return batch == null
        ? new SyncVectorEnv(() -> make(id, kwargs), numEnvs, autoresetMode)
        : new BatchVectorEnv(batch, autoresetMode);
  }

  /**
   * Makes environments that move together, with their time limit.
   *
   * @param kwargs as for {@link #make}
   * @return null where the environment is only made singly
   * @throws GymException as {@link #make}
   */
  public static @Nullable EnvBatch makeBatch(String id, int numEnvs, Map<String, ?> kwargs) {
    Registration registration = registration(id);
    if (!(registration.maker() instanceof Registration.BatchMaker maker)) {
      return null;
    }
    Kwargs asked = new Kwargs(id, registration.kwargs(), kwargs);
    EnvBatch batch = maker.make(registration, asked, numEnvs);
    check(batch.spec(), asked);
    return batch;
  }

  /**
   * The transition table of a tabular world.
   *
   * @throws GymException as {@link #make}; INVALID_ARGUMENT for an environment that has no table
   */
  public static TabularMdp tabular(String id, Map<String, ?> kwargs) {
    if (made(id, kwargs) instanceof TabularMdp mdp) {
      return mdp;
    }
    throw new GymException(
        Kind.INVALID_ARGUMENT,
        "%s has no transition table: use one of %s"
            .formatted(
                id,
                ids().stream()
                    .filter(known -> made(known, Map.of()) instanceof TabularMdp)
                    .toList()));
  }

  /** Names of the keyword arguments that {@link #make} takes for an id, sorted. */
  public static List<String> kwargs(String id) {
    Kwargs asked = new Kwargs(id, Map.of(), Map.of());
    made(id, asked);
    return asked.known();
  }

  private static StatefulEnv made(String id, Map<String, ?> kwargs) {
    return made(id, new Kwargs(id, registration(id).kwargs(), kwargs));
  }

  private static StatefulEnv made(String id, Kwargs kwargs) {
    Registration registration = registration(id);
    StatefulEnv env = registration.maker().make(registration, kwargs);
    check(env.spec(), kwargs);
    return env;
  }

  /** Refuses what the constructor has not asked for. */
  private static void check(EnvSpec spec, Kwargs kwargs) {
    if (spec.metadata().get("render_modes") instanceof List<?> modes) {
      kwargs.choice("render_mode", "", modes.stream().map(String::valueOf).collect(toSet()));
    }
    kwargs.refuseUnknown();
  }

  private static Registration registration(String id) {
    Registration registration = REGISTERED.get(id);
    if (registration != null) {
      return registration;
    }
    throw new GymException(
        Kind.NOT_FOUND,
        "no Java environment is called \"%s\"; the closest is \"%s\", of %s"
            .formatted(
                id.length() > 100 ? id.substring(0, 100) + "…" : id,
                ClosestName.of(id, ids()),
                ids()));
  }
}
