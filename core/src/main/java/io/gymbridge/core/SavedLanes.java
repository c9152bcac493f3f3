package io.gymbridge.core;

import io.gymbridge.core.GymException.Kind;
import java.util.Arrays;
import java.util.stream.IntStream;

/** What batches that save their lanes have in common: each lane is saved by its fields. */
public final class SavedLanes {
  private SavedLanes() {}

  /** A lane's fields. */
  @FunctionalInterface
  public interface Fields {
    void exchange(EnvState state, int lane);
  }

  /**
   * The lanes that a request names: all where it names none.
   *
   * @throws GymException INVALID_ARGUMENT for one that is not there or named twice
   */
  public static int[] chosen(int numEnvs, int... lanes) {
    boolean[] seen = new boolean[numEnvs];
    for (int lane : lanes) {
      if (lane < 0 || lane >= numEnvs || seen[lane]) {
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "got lanes %s, expected each of 0 … %d once at most"
                .formatted(Arrays.toString(lanes), numEnvs - 1));
      }
      seen[lane] = true;
    }
    return lanes.length == 0 ? IntStream.range(0, numEnvs).toArray() : lanes.clone();
  }

  /** One state per lane; arguments as {@link EnvState#save}'s. */
  public static byte[][] save(String name, int version, int[] lanes, Fields fields) {
    byte[][] states = new byte[lanes.length][];
    for (int i = 0; i < lanes.length; i++) {
      int lane = lanes[i];
      states[i] = EnvState.save(name, version, state -> fields.exchange(state, lane));
    }
    return states;
  }

  /**
   * Restores all of the lanes or, where one state does not fit, none.
   *
   * @throws GymException INVALID_ARGUMENT as {@link EnvState#restore}, and for another number of
   *     states than of lanes
   */
  public static void restore(
      byte[][] states, String name, int version, int[] lanes, Fields fields) {
    if (states.length != lanes.length) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "got %d states for %d lanes".formatted(states.length, lanes.length));
    }
    byte[][] before = save(name, version, lanes, fields);
    int done = 0;
    try {
      for (; done < lanes.length; done++) {
        int lane = lanes[done];
        EnvState.restore(states[done], name, version, state -> fields.exchange(state, lane));
      }
    } catch (GymException e) {
      for (int i = 0; i < done; i++) {
        int lane = lanes[i];
        EnvState.restore(before[i], name, version, state -> fields.exchange(state, lane));
      }
      throw e;
    }
  }
}
