package io.gymbridge.core;

import java.nio.ByteBuffer;

/**
 * Reads and writes single elements of little-endian buffers: the one place that knows how each type
 * is stored.
 */
final class Elements {
  private Elements() {}

  static double getDouble(ByteBuffer data, DType dtype, int index) {
    return switch (dtype) {
      case FLOAT64 -> data.getDouble(index * 8);
      case FLOAT32 -> data.getFloat(index * 4);
      case FLOAT16 -> halfToFloat(data.getShort(index * 2));
      case UINT64 -> unsignedToDouble(data.getLong(index * 8));
      default -> getLong(data, dtype, index);
    };
  }

  static long getLong(ByteBuffer data, DType dtype, int index) {
    return switch (dtype) {
      case BOOL, INT8 -> data.get(index);
      case UINT8 -> data.get(index) & 0xFF;
      case INT16 -> data.getShort(index * 2);
      case UINT16 -> data.getShort(index * 2) & 0xFFFF;
      case INT32 -> data.getInt(index * 4);
      case UINT32 -> data.getInt(index * 4) & 0xFFFF_FFFFL;
      case INT64, UINT64 -> data.getLong(index * 8);
      case FLOAT16, FLOAT32, FLOAT64 -> (long) getDouble(data, dtype, index);
    };
  }

  static void put(ByteBuffer data, DType dtype, int index, double value) {
    switch (dtype) {
      case FLOAT64 -> data.putDouble(index * 8, value);
      case FLOAT32 -> data.putFloat(index * 4, (float) value);
      case FLOAT16 -> data.putShort(index * 2, floatToHalf((float) value));
      case UINT64 -> put(data, dtype, index, doubleToUnsigned(value));
      default -> put(data, dtype, index, (long) value);
    }
  }

  static void put(ByteBuffer data, DType dtype, int index, long value) {
    switch (dtype) {
      case BOOL -> data.put(index, (byte) (value == 0 ? 0 : 1));
      case INT8, UINT8 -> data.put(index, (byte) value);
      case INT16, UINT16 -> data.putShort(index * 2, (short) value);
      case INT32, UINT32 -> data.putInt(index * 4, (int) value);
      case INT64, UINT64 -> data.putLong(index * 8, value);
      case FLOAT16, FLOAT32, FLOAT64 -> put(data, dtype, index, (double) value);
    }
  }

  private static double unsignedToDouble(long bits) {
    return bits >= 0 ? bits : ((bits >>> 1) | (bits & 1)) * 2.0;
  }

  /** As Java's cast to {@code long}, but to 64 unsigned bits; below zero it wraps around. */
  private static long doubleToUnsigned(double value) {
    if (value < 0x1p63) {
      return (long) value;
    }
    return value < 0x1p64 ? (long) (value - 0x1p63) ^ Long.MIN_VALUE : -1;
  }

  private static float halfToFloat(short half) {
    int exponent = (half >> 10) & 0x1F;
    int mantissa = half & 0x3FF;
    float magnitude;
    if (exponent == 0x1F) {
      magnitude = mantissa == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
    } else if (exponent == 0) {
      magnitude = Math.scalb((float) mantissa, -24);
    } else {
      magnitude = Math.scalb((float) (mantissa | 0x400), exponent - 25);
    }
    return half < 0 ? -magnitude : magnitude;
  }

  private static short floatToHalf(float value) {
    int sign = (Float.floatToRawIntBits(value) >>> 16) & 0x8000;
    float magnitude = Math.abs(value);
    if (Float.isNaN(value)) {
      return (short) (sign | 0x7E00);
    }
    if (magnitude >= 65520f) {
      return (short) (sign | 0x7C00);
    }
    int exponent = Math.max(Math.getExponent(magnitude), -14);
    // In units of the last place at this exponent, rounded half to even; a carry moves into the
    // exponent by itself.
    int mantissa = (int) Math.rint(Math.scalb(magnitude, 10 - exponent));
    return (short) (sign | (((exponent + 14) << 10) + mantissa));
  }
}
