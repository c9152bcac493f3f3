package io.gymbridge.server;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.StatefulEnv;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.transport.ValueCodec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Saves and restores whole lanes: the environment's state, its last observation, and whether its
 * episode has ended.
 */
final class LaneStates {
  private static final int VERSION = 1;

  private final Lanes lanes;
  private final ValueCodec codec;
  private final StateKey key;

  /**
   * Saves and restores these lanes.
   *
   * @param codec of observations
   * @param key what states are signed with
   */
  LaneStates(Lanes lanes, ValueCodec codec, StateKey key) {
    this.lanes = lanes;
    this.codec = codec;
    this.key = key;
  }

  /** What a lane's state holds. */
  private static final class Saved {
    private byte[] env = {};
    private byte[] observation = {};
    private boolean ended;

    private void exchange(EnvState state) {
      env = state.bytes(env);
      observation = state.bytes(observation);
      ended = state.flag(ended);
    }
  }

  /** Whether an environment's state can be saved. */
  static boolean canSave(Env env) {
    try {
      return StatefulEnv.of(env).saveState().length > 0;
    } catch (GymException e) {
      return false;
    }
  }

  private String owner() {
    return "lane of " + lanes.spec().id();
  }

  /**
   * A lane's state.
   *
   * @throws GymException UNIMPLEMENTED where its environment cannot save, FAILED_PRECONDITION where
   *     it wants a reset
   */
  ByteString save(int lane) {
    Saved saved = new Saved();
    Value observation = lanes.last(lane);
    saved.env = StatefulEnv.of(lanes.env(lane)).saveState();
    saved.observation =
        codec.encode(Value.stack(List.of(observation)), 1, "observation").toByteArray();
    saved.ended = lanes.ended(lane);
    return key.sign(EnvState.save(owner(), VERSION, saved::exchange));
  }

  /**
   * Restores lanes; where one of them cannot be restored, none has changed.
   *
   * @param chosen each at most once
   * @param states one per lane
   * @throws GymException UNIMPLEMENTED where environments cannot save, INVALID_ARGUMENT for a state
   *     that was not signed with the key or is another environment's, FAILED_PRECONDITION where a
   *     lane that stays was never reset
   */
  void restore(int[] chosen, List<ByteString> states) {
    if (states.size() != chosen.length) {
      throw invalid(
          "states: got %d, expected %d, one per lane".formatted(states.size(), chosen.length));
    }
    Set<Integer> seen = new HashSet<>();
    for (int lane : chosen) {
      if (!seen.add(lane)) {
        throw invalid("lanes: " + lane + " is named twice");
      }
    }
    lanes.checkRestorable(chosen);
    List<Saved> saved = new ArrayList<>();
    List<Value> shown = new ArrayList<>();
    boolean[] ended = new boolean[chosen.length];
    for (int i = 0; i < chosen.length; i++) {
      Saved one = new Saved();
      EnvState.restore(key.verify(states.get(i)), owner(), VERSION, one::exchange);
      saved.add(one);
      shown.add(observation(one));
      ended[i] = one.ended;
    }
    exchange(chosen, saved);
    lanes.restored(chosen, shown, ended);
  }

  private Value observation(Saved saved) {
    try {
      return codec.decode(Buffers.parseFrom(saved.observation), 1, "saved observation").row(0);
    } catch (InvalidProtocolBufferException e) {
      throw invalid("the saved observation is no message: " + e.getMessage());
    }
  }

  private void exchange(int[] chosen, List<Saved> saved) {
    List<byte[]> before = new ArrayList<>();
    for (int lane : chosen) {
      before.add(StatefulEnv.of(lanes.env(lane)).saveState());
    }
    int done = 0;
    try {
      for (; done < chosen.length; done++) {
        StatefulEnv.of(lanes.env(chosen[done])).restoreState(saved.get(done).env);
      }
    } catch (GymException e) {
      for (int i = 0; i < done; i++) {
        StatefulEnv.of(lanes.env(chosen[i])).restoreState(before.get(i));
      }
      throw e;
    }
  }

  private static GymException invalid(String message) {
    return new GymException(Kind.INVALID_ARGUMENT, message);
  }
}
