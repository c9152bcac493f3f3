package io.gymbridge.core.wrappers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Env;
import io.gymbridge.core.Graph;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.OneOf;
import io.gymbridge.core.OneOfValue;
import io.gymbridge.core.Sequence;
import io.gymbridge.core.Space;
import io.gymbridge.core.SyncVectorEnv;
import io.gymbridge.core.Text;
import io.gymbridge.core.TextValue;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.core.testing.CountingEnv;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** {@link FlattenObservation} and {@link FrameStackObservation} on every kind of space. */
class ObservationWrappersTest {
  private static final NdArray ZERO = NdArray.of(new long[1]);
  private static final NdArray ZEROS = NdArray.of(new long[2], 2);

  private static SyncVectorEnv composites(AutoresetMode mode) {
    return new SyncVectorEnv(() -> new CompositeEnv("all"), 2, mode);
  }

  @Test
  void flattened_observations_lie_in_the_flat_space() {
    Env env = new FlattenObservation(new CompositeEnv("all"));
    Space space = env.spec().observationSpace();
    assertNull(space.whyNot(env.reset().observation()));
    Value observation = env.step(ZERO).observation();
    assertNull(space.whyNot(observation));
    assertEquals("count 1", env.renderText());
    assertEquals(
        NdArray.of(new double[] {0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 2, 0, 1}, 16), observation);
  }

  @ParameterizedTest
  @EnumSource
  void batch_is_flattened_with_its_final_observations(AutoresetMode mode) {
    VectorEnv env = new VectorFlattenObservation(composites(mode));
    VectorEnv plain = composites(mode);
    assertFlat(plain.reset().observations(), env.reset().observations());
    for (int i = 0; i < CompositeEnv.LENGTH; i++) {
      VectorEnv.Step step = env.step(ZEROS);
      VectorEnv.Step raw = plain.step(ZEROS);
      assertFlat(raw.observations(), step.observations());
      Value last = raw.finalObservations();
      if (last == null) {
        assertNull(step.finalObservations());
      } else {
        assertNotNull(step.finalObservations());
        assertFlat(last, step.finalObservations());
      }
    }
    if (mode == AutoresetMode.DISABLED) {
      boolean[] first = {true, false};
      assertFlat(
          plain.reset(null, first, Map.of()).observations(),
          env.reset(null, first, Map.of()).observations());
    }
  }

  private static void assertFlat(Value raw, Value actual) {
    Space space = new CompositeEnv("all").spec().observationSpace();
    assertEquals(raw.batchSize(), actual.batchSize());
    for (int i = 0; i < raw.batchSize(); i++) {
      assertEquals(space.flatten(raw.row(i)), actual.row(i));
    }
  }

  @Test
  void stacked_frames_lie_in_the_stacked_space_whatever_the_kind() {
    for (FramePadding padding : List.of(FramePadding.RESET, FramePadding.ZERO)) {
      Env env = new FrameStackObservation(new CompositeEnv("all"), 3, padding);
      Space space = env.spec().observationSpace();
      assertNull(space.whyNot(env.reset().observation()));
      for (int i = 0; i < CompositeEnv.LENGTH; i++) {
        assertNull(space.whyNot(env.step(ZERO).observation()));
      }
    }
  }

  @Test
  void every_kind_of_space_has_a_zero_and_can_be_stacked() {
    Space number = new Discrete(3, 5, DType.INT64);
    List<Space> kinds =
        List.of(
            new Text(2, 4, "ba"),
            new Sequence(number, false),
            new Graph(number, null),
            new Graph(number, Box.of(DType.FLOAT32, 1, 2, 2)),
            new OneOf(List.of(number, new Text(3))),
            new Tuple(List.of(number, new Text(3))),
            composites(AutoresetMode.DISABLED).spec().observationSpace());
    for (Space kind : kinds) {
      Value zero = Frames.zero(kind);
      assertNull(kind.whyNot(zero));
      List<Value> frames = List.of(zero, kind.sample(new Random(1)));
      assertNull(kind.batch(2).whyNot(Frames.stacked(kind, frames)), kind.toString());
    }
    assertEquals(new TextValue("bb"), Frames.zero(kinds.get(0)));
    assertEquals(new OneOfValue(0, NdArray.of(new long[] {5})), Frames.zero(kinds.get(4)));
  }

  @Test
  void stacked_spaces_are_of_gymnasiums_kinds() {
    Env env = new FrameStackObservation(new CompositeEnv("all"), 2);
    Dict space = (Dict) env.spec().observationSpace();
    assertEquals(MultiDiscrete.of(4, 4), space.spaces().get("number"));
    assertEquals(
        new Box(NdArray.of(new long[4], 2, 2), NdArray.of(new long[] {3, 1, 3, 1}, 2, 2)),
        space.spaces().get("numbers"));
    assertEquals(Box.of(DType.INT8, 0, 1, 2, 2), space.spaces().get("bits"));
    assertEquals(
        new Tuple(List.of(Box.of(DType.FLOAT32, 0, 9, 2, 2), MultiDiscrete.of(2, 2))),
        space.spaces().get("pair"));
  }

  @Test
  void zero_padding_is_the_member_nearest_to_zero() {
    Env env =
        new FrameStackObservation(
            ReceivingEnv.of(
                new Box(
                    NdArray.of(new float[] {-1, 2, -5}, 3), NdArray.of(new float[] {1, 3, -4}, 3))),
            2,
            FramePadding.ZERO);
    assertEquals(NdArray.of(new float[] {0, 2, -4, -1, 2, -5}, 2, 3), env.reset().observation());
  }

  @Test
  void custom_padding_fills_the_stack() {
    FramePadding padding = FramePadding.custom(NdArray.of(new float[] {7, 8}, 2));
    Env env = new FrameStackObservation(CountingEnv.terminating(), 3, padding);
    assertEquals(NdArray.of(new float[] {7, 8, 7, 8, 0, 1}, 3, 2), env.reset(1).observation());
    Value next = env.step(ZERO).observation();
    assertEquals(NdArray.of(new float[] {7, 8, 0, 1, 1, 1}, 3, 2), next);
  }

  @Test
  void wrong_paddings_and_sizes_are_refused() {
    Env env = CountingEnv.terminating();
    FramePadding wrong = FramePadding.custom(NdArray.of(new float[3], 3));
    assertThrows(IllegalArgumentException.class, () -> new FrameStackObservation(env, 2, wrong));
    assertThrows(IllegalArgumentException.class, () -> new FrameStackObservation(env, 0));
  }

  @ParameterizedTest
  @EnumSource
  void batch_of_stacks_equals_the_stacks_of_its_lanes(AutoresetMode mode) {
    VectorEnv env = new VectorFrameStackObservation(composites(mode), 2, FramePadding.ZERO);
    VectorEnv lanes =
        new SyncVectorEnv(
            () -> new FrameStackObservation(new CompositeEnv("all"), 2, FramePadding.ZERO),
            2,
            mode);
    assertEquals(lanes.reset().observations(), env.reset().observations());
    int steps = mode == AutoresetMode.DISABLED ? CompositeEnv.LENGTH : 10;
    for (int i = 0; i < steps; i++) {
      VectorEnv.Step expected = lanes.step(ZEROS);
      VectorEnv.Step step = env.step(ZEROS);
      assertEquals(expected.observations(), step.observations());
      assertEquals(expected.finalObservations(), step.finalObservations());
    }
    if (mode == AutoresetMode.DISABLED) {
      boolean[] second = {false, true};
      Value observations = env.reset(null, second, Map.of()).observations();
      assertEquals(lanes.reset(null, second, Map.of()).observations(), observations);
      Value number = ((DictValue) observations).part("number");
      assertEquals(NdArray.of(new long[] {2, 3, 0, 0}, 2, 2), number);
    }
  }
}
