package io.gymbridge.transport;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.Graph;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.OneOf;
import io.gymbridge.core.Sequence;
import io.gymbridge.core.Space;
import io.gymbridge.core.Text;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.BoxSpace;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.InteractResponse;
import io.gymbridge.proto.v1.Item;
import io.gymbridge.proto.v1.ItemMap;
import io.gymbridge.proto.v1.SequenceSpace;
import io.gymbridge.proto.v1.StepResponse;
import io.gymbridge.proto.v1.Tensor;
import io.gymbridge.proto.v1.TextSpace;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

class CodecTest {

  /** At least one of each kind; a test checks that. */
  static List<Space> spaces() {
    Map<String, Space> parts = new LinkedHashMap<>();
    parts.put("z", new Discrete(3, -1, DType.INT32));
    parts.put("a", new Tuple(List.of(MultiBinary.of(2), Box.of(DType.FLOAT16, -1, 1, 2))));
    NdArray low = NdArray.of(new double[] {-1, Double.NEGATIVE_INFINITY}, 2);
    NdArray high = NdArray.of(new double[] {1, 2}, 2);
    return List.of(
        new Box(low, high),
        Box.of(DType.UINT8, 0, 255, 4, 3, 2),
        Box.of(DType.FLOAT64, 0, 1),
        new Discrete(5),
        MultiDiscrete.of(2, 3),
        MultiBinary.of(2, 2),
        new Tuple(List.of(new Discrete(2), Box.of(DType.INT64, -3, 3, 1))),
        new Dict(parts),
        new Text(0, 5, "zaé≥😀"),
        new Sequence(Box.of(DType.FLOAT32, 0, 1, 2)),
        new Sequence(new Dict(parts), true),
        new Graph(Box.of(DType.FLOAT32, 0, 1, 2), new Discrete(3)),
        new Graph(new Discrete(3), null),
        new Graph(new Dict(parts), new Tuple(List.of(new Discrete(2), new Text(3)))),
        new OneOf(List.of(new Discrete(2), new Text(3), new Sequence(new Text(2)))));
  }

  private static void assertRefused(Kind kind, String says, Runnable call) {
    GymException refusal = assertThrows(GymException.class, call::run);
    assertEquals(kind, refusal.kind());
    assertTrue(refusal.getMessage().contains(says), refusal.getMessage());
  }

  @Test
  void every_kind_of_space_is_tried() {
    assertEquals(
        Set.copyOf(Arrays.asList(Space.class.getPermittedSubclasses())),
        spaces().stream().map(Space::getClass).collect(Collectors.toSet()));
  }

  @ParameterizedTest
  @MethodSource("spaces")
  void space_survives(Space space) {
    assertEquals(space, SpaceCodec.decode(SpaceCodec.encode(space)));
  }

  @ParameterizedTest
  @MethodSource("spaces")
  void batch_survives_whole_and_in_parts(Space space) {
    Random random = new Random(1);
    Value batch = Value.stack(IntStream.range(0, 4).mapToObj(i -> space.sample(random)).toList());
    ValueCodec codec = new ValueCodec(space);
    assertEquals(batch, codec.decode(codec.encode(batch, 4, "x"), 4, "x"));
    Value part = codec.decode(codec.encode(batch, 4, 1, 2, "x"), 2, "x");
    assertEquals(batch.take(new int[] {1, 2}), part);
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void every_type_of_element_survives(DType dtype) {
    assertEquals(dtype, DTypes.decode(DTypes.encode(dtype)));
  }

  @Test
  void malformed_spaces_are_refused_before_anything_is_allocated() {
    var none = io.gymbridge.proto.v1.Space.getDefaultInstance();
    assertRefused(Kind.INVALID_ARGUMENT, "without a kind", () -> SpaceCodec.decode(none));
    BoxSpace.Builder box =
        BoxSpace.newBuilder()
            .setDtype(io.gymbridge.proto.v1.DType.DTYPE_FLOAT32)
            .addShape(1L << 20)
            .addShape(1L << 20)
            .setLow(ByteString.copyFrom(new byte[4]))
            .setHigh(ByteString.copyFrom(new byte[4]));
    var huge = io.gymbridge.proto.v1.Space.newBuilder().setBox(box).build();
    assertRefused(Kind.INVALID_ARGUMENT, "above the limit", () -> SpaceCodec.decode(huge));
    var odd = io.gymbridge.proto.v1.Space.newBuilder().setBox(box.clearShape().addShape(3)).build();
    assertEquals(3, SpaceCodec.decode(odd).flatSize());
    var wrong = odd.toBuilder().setBox(box.setLow(ByteString.copyFrom(new byte[8]))).build();
    assertRefused(Kind.INVALID_ARGUMENT, "low has 8 bytes", () -> SpaceCodec.decode(wrong));
  }

  @Test
  void unbounded_integers_get_their_types_extremes_and_stay_unbounded() {
    var message =
        io.gymbridge.proto.v1.Space.newBuilder()
            .setBox(
                BoxSpace.newBuilder()
                    .setDtype(io.gymbridge.proto.v1.DType.DTYPE_INT16)
                    .addShape(2)
                    .setLow(ByteString.copyFrom(new byte[2]))
                    .setHigh(ByteString.copyFrom(new byte[2]))
                    .setUnboundedBelow(ByteString.copyFrom(new byte[] {1}))
                    .setUnboundedAbove(ByteString.copyFrom(new byte[] {0, 1})));
    Box box = (Box) SpaceCodec.decode(message.build());
    assertEquals(NdArray.ofLongs(DType.INT16, new long[] {-32768, -32768}, 2), box.low());
    assertEquals(NdArray.ofLongs(DType.INT16, new long[] {0, 32767}, 2), box.high());
    assertEquals(NdArray.ofLongs(DType.BOOL, new long[] {0, 0}, 2), box.boundedBelow());
    assertEquals(NdArray.ofLongs(DType.BOOL, new long[] {1, 0}, 2), box.boundedAbove());
    BoxSpace again = SpaceCodec.encode(box).getBox();
    assertEquals(ByteString.copyFrom(new byte[] {1}), again.getUnboundedBelow());
    assertEquals(ByteString.copyFrom(new byte[] {0, 1}), again.getUnboundedAbove());
  }

  @Test
  void spaces_that_the_protocol_has_no_place_for_are_refused() {
    var twice = TextSpace.newBuilder().setMaxLength(1).setCharset("aba");
    assertRefused(
        Kind.INVALID_ARGUMENT,
        "twice",
        () -> SpaceCodec.decode(io.gymbridge.proto.v1.Space.newBuilder().setText(twice).build()));
    assertRefused(
        Kind.INVALID_ARGUMENT,
        "without a kind",
        () ->
            SpaceCodec.decode(
                io.gymbridge.proto.v1.Space.newBuilder()
                    .setSequence(SequenceSpace.getDefaultInstance())
                    .build()));
    Space deep = new Discrete(2);
    for (int i = 0; i < 32; i++) {
      deep = new Sequence(deep);
    }
    assertEquals(deep, SpaceCodec.decode(SpaceCodec.encode(deep)));
    Space deeper = new Sequence(deep);
    assertRefused(Kind.INVALID_ARGUMENT, "32 levels", () -> SpaceCodec.encode(deeper));
  }

  @Test
  void wrong_number_or_length_of_buffers_is_refused() {
    ValueCodec codec = new ValueCodec(Box.of(DType.FLOAT32, 0, 1, 3));
    Buffers short1 = Buffers.newBuilder().addBuffers(ByteString.copyFrom(new byte[23])).build();
    assertRefused(
        Kind.INVALID_ARGUMENT,
        "observations: got 23 bytes, expected 24",
        () -> codec.decode(short1, 2, "observations"));
    assertRefused(
        Kind.INVALID_ARGUMENT,
        "got 0 buffers, expected 1",
        () -> codec.decode(Buffers.getDefaultInstance(), 2, "observations"));
  }

  @Test
  void items_of_every_kind_survive() {
    Map<String, Object> items = new LinkedHashMap<>();
    items.put("none", null);
    items.put("flag", true);
    items.put("integer", Long.MIN_VALUE);
    items.put("real", 0.1);
    items.put("text", "ä\u0000");
    items.put("array", NdArray.of(new float[] {1, 2}, 1, 2));
    items.put("list", new ArrayList<>(Arrays.asList(1L, null, List.of("x"))));
    items.put("map", Map.of("inner", 2.0));
    Map<String, Object> decoded = ItemCodec.decode(ItemCodec.encode(items, "x"), "x");
    assertEquals(items, decoded);
    assertEquals(List.copyOf(items.keySet()), List.copyOf(decoded.keySet()));
  }

  @Test
  void unknown_things_are_refused() {
    assertRefused(
        Kind.INVALID_ARGUMENT,
        "options[\"a\"][0]: a java.lang.Object cannot be sent",
        () -> ItemCodec.encode(Map.of("a", List.of(new Object())), "options"));
  }

  @Test
  void deepest_items_pass_the_parser_and_deeper_ones_are_refused()
      throws com.google.protobuf.InvalidProtocolBufferException {
    Map<String, Object> deep = Map.of("integer", 1L);
    for (int i = 0; i < 23; i++) {
      deep = Map.of("deeper", deep);
    }
    // Inside the message with the most around it.
    InteractResponse response =
        InteractResponse.newBuilder()
            .setStep(StepResponse.newBuilder().setInfos(ItemCodec.encode(deep, "x")))
            .build();
    InteractResponse parsed = InteractResponse.parseFrom(response.toByteArray());
    assertEquals(deep, ItemCodec.decode(parsed.getStep().getInfos(), "x"));
    Map<String, Object> deeper = Map.of("deeper", deep);
    assertRefused(Kind.INVALID_ARGUMENT, "24 levels", () -> ItemCodec.encode(deeper, "x"));
    ItemMap message =
        ItemMap.newBuilder()
            .putItems("deeper", Item.newBuilder().setMap(response.getStep().getInfos()).build())
            .build();
    assertRefused(Kind.INVALID_ARGUMENT, "24 levels", () -> ItemCodec.decode(message, "x"));
  }

  @Test
  void tensor_of_the_wrong_length_is_refused() {
    Item item =
        Item.newBuilder()
            .setTensor(
                Tensor.newBuilder()
                    .setDtype(io.gymbridge.proto.v1.DType.DTYPE_INT32)
                    .addShape(2)
                    .setData(ByteString.copyFrom(new byte[7])))
            .build();
    assertRefused(Kind.INVALID_ARGUMENT, "takes 8 bytes, got 7", () -> ItemCodec.decode(item, "x"));
  }

  @Test
  void spec_survives() {
    EnvSpec spec =
        new EnvSpec(
            "X-v0",
            Box.of(DType.FLOAT32, -1, 1, 2),
            new Discrete(2),
            7,
            OptionalDouble.of(1.5),
            Map.of("render_fps", 10L));
    assertEquals(spec, SpecCodec.decode(SpecCodec.encode(spec)));
  }
}
