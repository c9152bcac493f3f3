package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ElementsTest {
  private final ByteBuffer data = ByteBuffer.allocate(16).order(ByteOrder.LITTLE_ENDIAN);

  @Test
  void every_half_float_survives_a_round_trip() {
    for (int bits = 0; bits <= 0xFFFF; bits++) {
      data.putShort(2, (short) bits);
      double value = Elements.getDouble(data, DType.FLOAT16, 1);
      Elements.put(data, DType.FLOAT16, 1, value);
      if (Double.isNaN(value)) {
        assertTrue(Double.isNaN(Elements.getDouble(data, DType.FLOAT16, 1)));
      } else {
        assertEquals(bits, data.getShort(2) & 0xFFFF);
      }
    }
  }

  @Test
  void half_floats_round_to_the_nearest_and_half_to_even() {
    assertEquals(1.0, half(1 + 1 / 2048.0));
    assertEquals(1 + 2 / 1024.0, half(1 + 3 / 2048.0));
    assertEquals(1 + 1 / 1024.0, half(1 + 1.01 / 2048.0));
    assertEquals(2.0, half(2 - 1 / 4096.0));
    assertEquals(65504, half(65519));
    assertEquals(Double.POSITIVE_INFINITY, half(65520));
    assertEquals(Math.scalb(1.0, -24), half(Math.scalb(1.0, -24)));
    assertEquals(0, half(Math.scalb(1.0, -25)));
    assertEquals(Math.scalb(1.0, -14), half(Math.scalb(1.0, -14) * (1 - 1e-5)));
  }

  private double half(double value) {
    Elements.put(data, DType.FLOAT16, 0, value);
    return Elements.getDouble(data, DType.FLOAT16, 0);
  }

  @ParameterizedTest
  @EnumSource(DType.class)
  void elements_keep_their_value_and_their_neighbours(DType dtype) {
    Elements.put(data, dtype, 0, 1L);
    Elements.put(data, dtype, 1, 0L);
    assertEquals(1, Elements.getLong(data, dtype, 0));
    assertEquals(1.0, Elements.getDouble(data, dtype, 0));
    assertEquals(0, Elements.getLong(data, dtype, 1));
  }

  @Test
  void unsigned_elements_are_read_as_such() {
    for (DType dtype : new DType[] {DType.UINT8, DType.UINT16, DType.UINT32}) {
      Elements.put(data, dtype, 0, -1L);
      assertEquals((1L << (8 * dtype.bytes())) - 1, Elements.getLong(data, dtype, 0));
    }
    Elements.put(data, DType.UINT64, 0, -1L);
    assertEquals(0x1p64, Elements.getDouble(data, DType.UINT64, 0));
  }
}
