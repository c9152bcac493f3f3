package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.nio.ByteBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;

class NdArrayTest {
  private final NdArray matrix = NdArray.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2);

  @Test
  void bytes_are_little_endian_and_row_major() {
    assertArrayEquals(
        new byte[] {2, 1, 0, 0, 4, 3, 0, 0},
        bytes(NdArray.ofLongs(DType.INT32, new long[] {0x102, 0x304}, 2)));
  }

  @Test
  void wrong_length_is_refused() {
    assertThrows(
        IllegalArgumentException.class,
        () -> NdArray.wrap(DType.FLOAT32, ByteBuffer.allocate(7), 2));
    assertThrows(IllegalArgumentException.class, () -> NdArray.of(new float[3], 2));
  }

  @Test
  void view_covers_position_to_limit() {
    ByteBuffer data = ByteBuffer.wrap(new byte[] {9, 1, 2, 9}).position(1).limit(3);
    assertArrayEquals(new long[] {1, 2}, NdArray.wrap(DType.UINT8, data, 2).toLongs());
  }

  @Test
  void rows_are_taken_alone_and_together() {
    assertEquals(NdArray.of(new float[] {3, 4}, 2), matrix.row(1));
    assertEquals(NdArray.of(new float[] {5, 6, 1, 2}, 2, 2), matrix.take(new int[] {2, 0}));
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.row(3));
    assertThrows(IndexOutOfBoundsException.class, () -> matrix.take(new int[] {3}));
  }

  @Test
  void row_of_a_row_is_a_scalar() {
    assertEquals(0, matrix.row(2).row(1).shape().length);
    assertEquals(6, matrix.row(2).row(1).getDouble(0));
  }

  @Test
  void stacked_rows_and_joined_batches_make_the_whole_again() {
    assertEquals(matrix, Value.stack(List.of(matrix.row(0), matrix.row(1), matrix.row(2))));
    assertEquals(
        matrix,
        Value.concatenate(List.of(matrix.take(new int[] {0}), matrix.take(new int[] {1, 2}))));
  }

  @Test
  void equality_is_by_type_shape_and_elements() {
    assertEquals(matrix, NdArray.of(new float[] {1, 2, 3, 4, 5, 6}, 3, 2));
    assertEquals(false, matrix.equals(matrix.reshape(2, 3)));
    assertEquals(false, matrix.equals(NdArray.of(new double[] {1, 2, 3, 4, 5, 6}, 3, 2)));
  }

  @Test
  void sixty_four_bits_survive() {
    long[] extremes = {Long.MIN_VALUE, Long.MAX_VALUE, -1};
    assertArrayEquals(extremes, NdArray.of(extremes, 3).toLongs());
  }

  private static byte[] bytes(NdArray array) {
    byte[] bytes = new byte[array.data().remaining()];
    array.data().get(bytes);
    return bytes;
  }
}
