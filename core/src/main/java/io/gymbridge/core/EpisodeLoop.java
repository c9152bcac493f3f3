package io.gymbridge.core;

import io.gymbridge.core.GymException.Kind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * Plays whole episodes on a {@link VectorEnv}.
 *
 * <p>Each lane plays a fixed share of the episodes (lane i one more than lane i + 1 at most),
 * whichever finish first: taking the first to finish would favour short episodes. Dummy transitions
 * of NEXT_STEP never show; the trajectories are the same in NEXT_STEP and SAME_STEP. The same seed
 * gives the same episodes, in the order of lanes. An episode that is cut because its lane was lost
 * counts for nothing: the lane plays another one in its place, but not for ever.
 */
public final class EpisodeLoop {
  /** So often may an episode be lost: then what loses it is in it. */
  private static final int MAX_LOSSES = 3;

  /** Chooses actions for all lanes. */
  @FunctionalInterface
  public interface Actor {
    /**
     * Actions for a batch of observations.
     *
     * @param observations a batch of N
     * @param active which lanes the actions count for; the others' only have to be members of the
     *     space
     * @return a batch of N actions
     */
    Value act(Value observations, boolean[] active);

    /** Is told, before the first observation of new episodes, in which lanes they begin. */
    default void begin(boolean[] lanes) {}
  }

  private EpisodeLoop() {}

  /**
   * Plays {@code episodes} episodes with a policy; see {@link #play(VectorEnv, Actor, int, long,
   * Consumer)}.
   */
  public static List<Trajectory> play(
      VectorEnv env,
      Policy policy,
      boolean deterministic,
      int episodes,
      long seed,
      Consumer<Trajectory> onEpisode) {
    Actor actor =
        new Actor() {
          @Override
          public Value act(Value observations, boolean[] active) {
            return policy.act(observations, deterministic);
          }

          @Override
          public void begin(boolean[] lanes) {
            policy.beginEpisodes(lanes);
          }
        };
    return play(env, actor, episodes, seed, onEpisode);
  }

  /**
   * Plays episodes until there are {@code episodes} of them.
   *
   * @param seed lane i begins with {@code seed + i}; later episodes of a lane go on with its
   *     generator
   * @param onEpisode told of each episode as it ends, for progress
   * @return lane 0's episodes in order, then lane 1's, …
   * @throws GymException as the environment and the actor do; UNAVAILABLE where one episode of a
   *     lane was lost three times in a row
   */
  public static List<Trajectory> play(
      VectorEnv env, Actor actor, int episodes, long seed, Consumer<Trajectory> onEpisode) {
    List<List<Trajectory>> finished = new ArrayList<>();
    for (int lane = 0; lane < env.numEnvs(); lane++) {
      finished.add(new ArrayList<>());
    }
    play(
        env,
        actor,
        episodes,
        seed,
        (lane, trajectory) -> {
          finished.get(lane).add(trajectory);
          onEpisode.accept(trajectory);
        });
    return finished.stream().flatMap(List::stream).toList();
  }

  /** Is given episodes as they end. */
  @FunctionalInterface
  public interface Sink {
    /** An episode of a lane; a lane's come in order. */
    void accept(int lane, Trajectory episode);
  }

  /**
   * As {@link #play(VectorEnv, Actor, int, long, Consumer)}, but keeps no episode once the sink has
   * it.
   */
  public static void play(VectorEnv env, Actor actor, int episodes, long seed, Sink sink) {
    if (env.autoresetMode() == AutoresetMode.DISABLED) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "playing episodes wants NEXT_STEP or SAME_STEP autoreset");
    }
    int lanes = env.numEnvs();
    List<Recording> recordings = new ArrayList<>();
    int[] played = new int[lanes];
    int[] wanted = new int[lanes];
    boolean[] active = new boolean[lanes];
    boolean[] begins = new boolean[lanes];
    Arrays.fill(begins, true);
    boolean anyBegins = true;
    Value observations = env.reset(seed).observations();
    for (int lane = 0; lane < lanes; lane++) {
      recordings.add(new Recording(observations.row(lane)));
      wanted[lane] = episodes / lanes + (lane < episodes % lanes ? 1 : 0);
      active[lane] = wanted[lane] > 0;
    }
    boolean[] resetting = new boolean[lanes];
    int[] losses = new int[lanes];
    int left = episodes;
    while (left > 0) {
      if (anyBegins) {
        actor.begin(begins.clone());
        Arrays.fill(begins, false);
        anyBegins = false;
      }
      Value actions = actor.act(observations, active.clone());
      VectorEnv.Step step = env.step(actions);
      observations = step.observations();
      int ended = 0;
      for (int lane = 0; lane < lanes; lane++) {
        boolean dummy = resetting[lane] || step.lost()[lane];
        boolean ends = !dummy && step.ended(lane);
        resetting[lane] = ends && env.autoresetMode() == AutoresetMode.NEXT_STEP;
        int finalRow = ends ? ended++ : -1;
        if (wanted[lane] == 0) {
          continue;
        }
        if (step.lost()[lane] && ++losses[lane] == MAX_LOSSES) {
          throw lostAgain(step, lane, played[lane] + 1);
        }
        if (dummy) {
          recordings.set(lane, new Recording(observations.row(lane)));
          active[lane] = true;
          begins[lane] = true;
          anyBegins = true;
          continue;
        }
        boolean same = ends && env.autoresetMode() == AutoresetMode.SAME_STEP;
        Value next = same ? finalObservation(step, finalRow) : observations.row(lane);
        recordings.get(lane).add(actions.row(lane), step.rewards()[lane], next);
        if (ends) {
          Trajectory trajectory =
              recordings.get(lane).finish(step.terminated()[lane], step.truncated()[lane]);
          sink.accept(lane, trajectory);
          played[lane]++;
          left--;
          losses[lane] = 0;
          wanted[lane]--;
          active[lane] = wanted[lane] > 0 && same;
          begins[lane] = same;
          anyBegins |= same;
          recordings.set(lane, new Recording(observations.row(lane)));
        }
      }
    }
  }

  private static GymException lostAgain(VectorEnv.Step step, int lane, int episode) {
    String cause =
        step.infos().get(VectorEnv.Step.LOSS) instanceof List<?> causes
            ? ": " + causes.get(lane)
            : "";
    return new GymException(
        Kind.UNAVAILABLE,
        "episode %d of lane %d was lost %d times in a row%s; the server's log may say more"
            .formatted(episode, lane, MAX_LOSSES, cause));
  }

  private static Value finalObservation(VectorEnv.Step step, int row) {
    Value last = step.finalObservations();
    if (last == null) {
      throw new GymException(
          Kind.INTERNAL, "a lane ended under SAME_STEP without its final observation");
    }
    return last.row(row);
  }

  /** An episode in the making. */
  private static final class Recording {
    private final List<Value> observations = new ArrayList<>();
    private final List<Value> actions = new ArrayList<>();
    private final List<Double> rewards = new ArrayList<>();

    Recording(Value first) {
      observations.add(first);
    }

    void add(Value action, double reward, Value next) {
      actions.add(action);
      rewards.add(reward);
      observations.add(next);
    }

    Trajectory finish(boolean terminated, boolean truncated) {
      double[] all = rewards.stream().mapToDouble(Double::doubleValue).toArray();
      return new Trajectory(
          Value.stack(observations), Value.stack(actions), all, terminated, truncated);
    }
  }
}
