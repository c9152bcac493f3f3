package io.gymbridge.server;

import com.google.protobuf.ByteString;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.CallRequest;
import io.gymbridge.proto.v1.CallResponse;
import io.gymbridge.proto.v1.InfoMode;
import io.gymbridge.proto.v1.InteractRequest;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.Item;
import io.gymbridge.proto.v1.ItemMap;
import io.gymbridge.proto.v1.RenderRequest;
import io.gymbridge.proto.v1.RenderResponse;
import io.gymbridge.proto.v1.ResetRequest;
import io.gymbridge.proto.v1.ResetResponse;
import io.gymbridge.proto.v1.RestoreStateRequest;
import io.gymbridge.proto.v1.RestoreStateResponse;
import io.gymbridge.proto.v1.SaveStateRequest;
import io.gymbridge.proto.v1.SaveStateResponse;
import io.gymbridge.proto.v1.SetAttributeRequest;
import io.gymbridge.proto.v1.SetAttributeResponse;
import io.gymbridge.proto.v1.StepRequest;
import io.gymbridge.proto.v1.StepResponse;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.Statuses;
import io.gymbridge.transport.ValueCodec;
import java.nio.ByteOrder;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Turns a shard's requests into calls of its lanes, and what these return into responses. */
final class Answers {
  private static final Logger log = LoggerFactory.getLogger(Answers.class);

  /** Reward, ends and a few numbers of info, per lane. */
  private static final int INFO_BYTES = 64;

  private final Lanes lanes;
  private final String renderMode;
  private final ValueCodec observationCodec;
  private final ValueCodec actionCodec;
  private final LaneStates states;
  private final AllowedAttributes allowed;
  private final @Nullable Roller roller;
  private final Deque<StepAnswer> free = new ArrayDeque<>();
  private final Deque<Sent> sent = new ArrayDeque<>();

  /** A step's response that the client may ask for again. */
  private record Sent(long sequence, StepAnswer memory) {}

  /**
   * Takes the lanes over.
   *
   * @param renderMode empty for none
   * @param allowedAttributes see {@link ServedEnvironment}
   * @param stateKey what saved states are signed with
   * @param roller null where clients may not put policies
   */
  Answers(
      Lanes lanes,
      String renderMode,
      List<String> allowedAttributes,
      StateKey stateKey,
      @Nullable Roller roller) {
    this.lanes = lanes;
    this.renderMode = renderMode;
    allowed = new AllowedAttributes(allowedAttributes, lanes.env(0));
    observationCodec = new ValueCodec(lanes.spec().observationSpace());
    actionCodec = new ValueCodec(lanes.spec().actionSpace());
    this.roller = roller;
    states = new LaneStates(lanes, observationCodec, stateKey);
  }

  /** About what a step's request takes, where the space says that. */
  long requestBytes() {
    return lanes.numEnvs() * actionCodec.rowBytes();
  }

  /** The same of its response, with an info or two. */
  long responseBytes() {
    return lanes.numEnvs() * (observationCodec.rowBytes() + INFO_BYTES);
  }

  /**
   * Executes a request; whatever fails becomes the response's error.
   *
   * @param request after which no response that it acknowledges is looked at again: the memory of
   *     these is written anew
   * @param read when the request had been read, on {@link System#nanoTime}'s clock
   */
  InteractResponse answer(InteractRequest request, long read) {
    long begun = System.nanoTime();
    InteractResponse.Builder response =
        InteractResponse.newBuilder().setSequence(request.getSequence());
    lanes.resetClock();
    release(request.getAcknowledged());
    try {
      switch (request.getRequestCase()) {
        case STEP -> response.setStep(step(request.getStep(), request.getSequence()));
        case RESET -> response.setReset(reset(request.getReset()));
        case RENDER -> response.setRendered(render(request.getRender()));
        case SAVE_STATE -> response.setSaved(save(request.getSaveState()));
        case RESTORE_STATE -> response.setRestored(restore(request.getRestoreState()));
        case CALL -> response.setCalled(call(request.getCall()));
        case SET_ATTRIBUTE -> response.setAttributeSet(set(request.getSetAttribute()));
        case PUT_POLICY -> response.setPolicyPut(requireRoller().put(request.getPutPolicy()));
        case ROLLOUT -> response.setRolledOut(requireRoller().rollOut(request.getRollout()));
        case ATTACH, HEARTBEAT, REQUEST_NOT_SET -> throw invalid("the request is empty");
      }
    } catch (RuntimeException e) {
      Failures.log(log, e);
      response.setError(Statuses.encode(e));
    }
    return response
        .setEnvironmentNanos(lanes.nanos())
        .setQueueNanos(begun - read)
        .setServerNanos(System.nanoTime() - read)
        .build();
  }

  private void release(long acknowledged) {
    while (!sent.isEmpty() && Long.compareUnsigned(sent.getFirst().sequence(), acknowledged) <= 0) {
      free.push(sent.removeFirst().memory());
    }
  }

  private StepResponse step(StepRequest request, long sequence) {
    if (request.getLanesCount() > 0) {
      return stepSome(request);
    }
    int n = lanes.numEnvs();
    Value actions = actionCodec.decode(request.getActions(), n, "actions");
    StepAnswer memory =
        free.isEmpty() ? new StepAnswer(n, lanes.rowBytes(), lanes.infoMode()) : free.pop();
    lanes.step(actions, memory.buffers);
    sent.addLast(new Sent(sequence, memory));
    if (lanes.rowBytes() > 0) {
      return together(memory);
    }
    return oneByOne(memory, lanes.observations(), n);
  }

  private StepResponse stepSome(StepRequest request) {
    int[] some = eachOnce(chosen(request.getLanesList()));
    Value actions = actionCodec.decode(request.getActions(), some.length, "actions");
    StepAnswer memory = new StepAnswer(some.length, 0, lanes.infoMode());
    return oneByOne(memory, lanes.stepSome(some, actions, memory.buffers), some.length);
  }

  private StepResponse oneByOne(StepAnswer memory, Value shown, int n) {
    StepResponse.Builder response =
        memory.arrays().toBuilder().setObservations(observations(shown, n));
    switch (lanes.infoMode()) {
      case INFO_MODE_ALL -> response.setInfos(infos(lanes.infos()));
      case INFO_MODE_LANES -> response.addAllLaneInfos(laneInfos());
      default -> {}
    }
    List<Value> finals = lanes.finalObservations();
    if (!finals.isEmpty()) {
      response.setFinalObservations(observations(Value.stack(finals), finals.size()));
      if (lanes.infoMode() != InfoMode.INFO_MODE_NONE) {
        response.setFinalInfos(infos(lanes.finalInfos()));
      }
    }
    return response.build();
  }

  private StepResponse together(StepAnswer memory) {
    if (memory.buffers.finals() == 0) {
      return memory.arrays();
    }
    StepResponse.Builder response =
        memory.arrays().toBuilder()
            .setFinalObservations(memory.finalObservations(lanes.rowBytes()));
    if (lanes.infoMode() != InfoMode.INFO_MODE_NONE) {
      response.setFinalInfos(ItemMap.getDefaultInstance());
    }
    return response.build();
  }

  private ResetResponse reset(ResetRequest request) {
    int n = lanes.numEnvs();
    boolean[] seeded = mask(request.getSeedMask(), "seed_mask");
    long[] seeds = null;
    if (!request.getSeeds().isEmpty()) {
      seeds = seeds(request.getSeeds(), seeded);
    } else if (seeded != null) {
      throw invalid("seed_mask without seeds");
    }
    List<Map<String, Object>> options;
    if (request.getLaneOptionsCount() == 0) {
      options = Collections.nCopies(n, ItemCodec.decode(request.getOptions(), "options"));
    } else if (request.getLaneOptionsCount() == n) {
      options = new ArrayList<>();
      for (ItemMap one : request.getLaneOptionsList()) {
        options.add(ItemCodec.decode(one, "lane_options"));
      }
    } else {
      throw invalid(
          "lane_options: got %d, expected %d, one per lane"
              .formatted(request.getLaneOptionsCount(), n));
    }
    lanes.reset(seeds, seeded, mask(request.getResetMask(), "reset_mask"), options);
    ResetResponse.Builder response =
        ResetResponse.newBuilder().setObservations(observations(lanes.observations(), n));
    switch (lanes.infoMode()) {
      case INFO_MODE_ALL -> response.setInfos(infos(lanes.infos()));
      case INFO_MODE_LANES -> response.addAllLaneInfos(laneInfos());
      default -> {}
    }
    return response.build();
  }

  private RenderResponse render(RenderRequest request) {
    if (renderMode.isEmpty()) {
      throw new GymException(
          Kind.FAILED_PRECONDITION, "the session was opened without a render_mode");
    }
    RenderResponse.Builder response = RenderResponse.newBuilder();
    for (Object frame : lanes.render(chosen(request.getLanesList()), renderMode)) {
      response.addFrames(ItemCodec.encode(frame, "frame"));
    }
    return response.build();
  }

  private SaveStateResponse save(SaveStateRequest request) {
    SaveStateResponse.Builder response = SaveStateResponse.newBuilder();
    for (int lane : chosen(request.getLanesList())) {
      response.addStates(states.save(lane));
    }
    return response.build();
  }

  private RestoreStateResponse restore(RestoreStateRequest request) {
    states.restore(chosen(request.getLanesList()), request.getStatesList());
    return RestoreStateResponse.newBuilder()
        .setObservations(observations(lanes.observations(), lanes.numEnvs()))
        .build();
  }

  private CallResponse call(CallRequest request) {
    String name = request.getName();
    allowed.checkCall(name);
    List<@Nullable Object> results =
        lanes.call(
            name,
            decoded(request.getArgsList(), "args"),
            ItemCodec.decode(request.getKwargs(), "kwargs"),
            chosen(request.getLanesList()));
    CallResponse.Builder response = CallResponse.newBuilder();
    try {
      results.forEach(result -> response.addResults(ItemCodec.encode(result, "result")));
    } catch (GymException e) {
      throw new GymException(
          Kind.UNIMPLEMENTED, name + " gave what cannot be sent: " + e.getMessage());
    }
    return response.build();
  }

  private SetAttributeResponse set(SetAttributeRequest request) {
    allowed.checkSet(request.getName());
    int n = lanes.numEnvs();
    List<@Nullable Object> values = decoded(request.getValuesList(), "values");
    if (values.size() != 1 && values.size() != n) {
      throw invalid(
          "values: got %d, expected 1 for all lanes or %d, one each".formatted(values.size(), n));
    }
    lanes.setAttribute(
        request.getName(), values.size() == n ? values : Collections.nCopies(n, values.get(0)));
    return SetAttributeResponse.getDefaultInstance();
  }

  private Roller requireRoller() {
    if (roller == null) {
      throw new GymException(
          Kind.PERMISSION_DENIED,
          "policies are not taken here; start the server with --allow-policies");
    }
    return roller;
  }

  /** Closes the lanes, and frees the policy. */
  void close() {
    if (roller != null) {
      roller.close();
    }
    lanes.close();
  }

  private static List<@Nullable Object> decoded(List<Item> items, String what) {
    List<@Nullable Object> values = new ArrayList<>();
    for (Item item : items) {
      values.add(ItemCodec.decode(item, what));
    }
    return values;
  }

  /** The lanes named, or all where there are none. */
  private int[] chosen(List<Integer> named) {
    int n = lanes.numEnvs();
    for (int lane : named) {
      if (Integer.compareUnsigned(lane, n) >= 0) {
        throw invalid("lanes: %s is not less than %d".formatted(Integer.toUnsignedString(lane), n));
      }
    }
    return named.isEmpty()
        ? IntStream.range(0, n).toArray()
        : named.stream().mapToInt(Integer::intValue).toArray();
  }

  private static int[] eachOnce(int[] chosen) {
    if (Arrays.stream(chosen).distinct().count() < chosen.length) {
      throw invalid("lanes: %s name one more than once".formatted(Arrays.toString(chosen)));
    }
    return chosen;
  }

  private Buffers observations(Value batch, int n) {
    try {
      return observationCodec.encode(batch, n, "observations");
    } catch (GymException e) {
      throw lanes.broken(new IllegalStateException("the environments' " + e.getMessage()), 0);
    }
  }

  private List<ItemMap> laneInfos() {
    return lanes.laneInfos().stream().map(Answers::infos).toList();
  }

  private static ItemMap infos(Map<String, Object> infos) {
    if (infos.isEmpty()) {
      return ItemMap.getDefaultInstance();
    }
    try {
      return ItemCodec.encode(infos, "infos");
    } catch (GymException e) {
      return ItemCodec.encode(sendable(infos), "infos");
    }
  }

  /** Without what no item can hold, rather than to fail a step that was taken. */
  private static Map<String, Object> sendable(Map<String, Object> infos) {
    Map<String, Object> kept = new LinkedHashMap<>(infos);
    infos.forEach(
        (key, value) -> {
          try {
            Item unused = ItemCodec.encode(value, key);
          } catch (GymException e) {
            log.debug("an info is left out: {}", e.getMessage());
            kept.remove(key);
            kept.remove("_" + key);
          }
        });
    return kept;
  }

  private long[] seeds(ByteString bytes, boolean @Nullable [] seeded) {
    checkLength(bytes, 8, "seeds");
    long[] seeds = new long[lanes.numEnvs()];
    bytes.asReadOnlyByteBuffer().order(ByteOrder.LITTLE_ENDIAN).asLongBuffer().get(seeds);
    for (int lane = 0; lane < seeds.length; lane++) {
      if (seeds[lane] < 0 && (seeded == null || seeded[lane])) {
        throw invalid("seeds: lane %d has %d; a seed is 0 or more".formatted(lane, seeds[lane]));
      }
    }
    return seeds;
  }

  private boolean @Nullable [] mask(ByteString bytes, String what) {
    if (bytes.isEmpty()) {
      return null;
    }
    checkLength(bytes, 1, what);
    boolean[] mask = new boolean[lanes.numEnvs()];
    for (int lane = 0; lane < mask.length; lane++) {
      int flag = bytes.byteAt(lane) & 0xFF;
      if (flag > 1) {
        throw invalid("%s: holds %d, only 0 and 1 are allowed".formatted(what, flag));
      }
      mask[lane] = flag == 1;
    }
    return mask;
  }

  private void checkLength(ByteString bytes, int width, String what) {
    int expected = lanes.numEnvs() * width;
    if (bytes.size() != expected) {
      throw invalid(
          "%s: got %d bytes, expected %d for %d lanes"
              .formatted(what, bytes.size(), expected, lanes.numEnvs()));
    }
  }

  private static GymException invalid(String message) {
    return new GymException(Kind.INVALID_ARGUMENT, message);
  }
}
