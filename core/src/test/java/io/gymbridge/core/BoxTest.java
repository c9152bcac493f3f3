package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class BoxTest {
  private static final double INFINITY = Double.POSITIVE_INFINITY;

  @ParameterizedTest
  @EnumSource(DType.class)
  void whole_range_of_every_type_is_sampled_from_within(DType dtype) {
    Box box =
        dtype.isFloating()
            ? Box.of(dtype, -INFINITY, INFINITY, 3)
            : new Box(
                NdArray.ofLongs(dtype, new long[] {dtype.least()}, 1),
                NdArray.ofLongs(dtype, new long[] {dtype.greatest()}, 1));
    Random random = new Random(1);
    for (int i = 0; i < 100; i++) {
      assertNull(box.whyNot(box.sample(random)));
    }
  }

  @Test
  void unbounded_integers_are_marked_and_sampled_near_zero_or_their_bound() {
    Box free = Box.of(DType.INT64, -INFINITY, INFINITY, 1);
    Box extremes = Box.of(DType.INT64, Long.MIN_VALUE, Long.MAX_VALUE, 1);
    assertEquals(free.low(), extremes.low());
    assertEquals(free.high(), extremes.high());
    assertNotEquals(free, extremes);
    Box above = Box.of(DType.INT8, 120, INFINITY, 1);
    Box below = Box.of(DType.INT16, -INFINITY, -7, 1);
    Random random = new Random(1);
    for (int i = 0; i < 1000; i++) {
      assertTrue(Math.abs(free.sample(random, Mask.none()).getLong(0)) < 10);
      assertNull(above.whyNot(above.sample(random)));
      long drawn = below.sample(random, Mask.none()).getLong(0);
      assertTrue(drawn <= -7 && drawn > -40);
    }
    assertEquals("Box(-inf, -7, int16[1])", below.toString());
  }

  @Test
  void flags_must_fit_the_bounds() {
    NdArray zero = NdArray.of(new long[1], 1);
    NdArray no = NdArray.ofLongs(DType.BOOL, new long[1], 1);
    NdArray yes = NdArray.ofLongs(DType.BOOL, new long[] {1}, 1);
    assertThrows(IllegalArgumentException.class, () -> new Box(zero, zero, no, yes));
    NdArray real = NdArray.of(new double[1], 1);
    assertThrows(IllegalArgumentException.class, () -> new Box(real, real, no, yes));
    assertThrows(IllegalArgumentException.class, () -> Box.of(DType.UINT8, -INFINITY, 3, 1));
    assertThrows(IllegalArgumentException.class, () -> Box.of(DType.BOOL, 0, INFINITY, 1));
    assertThrows(IllegalArgumentException.class, () -> Box.of(DType.INT8, -129, 0, 1));
    assertThrows(IllegalArgumentException.class, () -> Box.of(DType.FLOAT32, Double.NaN, 0, 1));
  }

  @Test
  void sixty_four_bits_are_compared_exactly() {
    long large = (1L << 53) + 1;
    Box box = new Box(NdArray.of(new long[] {-large}, 1), NdArray.of(new long[] {large}, 1));
    assertNull(box.whyNot(NdArray.of(new long[] {large}, 1)));
    assertEquals(
        "component 0 is 9007199254740994, outside [-9007199254740993, 9007199254740993]: clip it to"
            + " the space",
        box.whyNot(NdArray.of(new long[] {large + 1}, 1)));
    assertEquals(
        NdArray.of(new long[] {large, large - 2, -large}, 3, 1),
        box.clip(NdArray.of(new long[] {large + 1, large - 2, Long.MIN_VALUE}, 3, 1)));
    assertEquals(
        NdArray.of(new long[] {large, -large}, 2, 1),
        box.clip(NdArray.of(new double[] {1e300, -INFINITY}, 2, 1)));
  }

  @Test
  void uint64_is_unsigned() {
    Box box =
        new Box(
            NdArray.ofLongs(DType.UINT64, new long[] {5}, 1),
            NdArray.ofLongs(DType.UINT64, new long[] {-2}, 1));
    assertNull(box.whyNot(NdArray.ofLongs(DType.UINT64, new long[] {Long.MIN_VALUE}, 1)));
    assertEquals(
        "component 0 is 18446744073709551615, outside [5, 18446744073709551614]: clip it to the"
            + " space",
        box.whyNot(NdArray.ofLongs(DType.UINT64, new long[] {-1}, 1)));
    assertEquals(
        NdArray.ofLongs(DType.UINT64, new long[] {-2, 5, Long.MIN_VALUE}, 3, 1),
        box.clip(NdArray.of(new double[] {1e30, 0, 0x1p63}, 3, 1)));
    assertEquals(
        NdArray.ofLongs(DType.UINT64, new long[] {-1}, 1),
        Box.of(DType.UINT64, 0, 0x1p64, 1).high());
  }

  @Test
  void widest_float64_box_is_sampled_from_within() {
    Box box = Box.of(DType.FLOAT64, -Double.MAX_VALUE, Double.MAX_VALUE, 3);
    Random random = new Random(1);
    for (int i = 0; i < 100; i++) {
      assertNull(box.whyNot(box.sample(random)));
    }
  }
}
