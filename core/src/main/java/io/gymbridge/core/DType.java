package io.gymbridge.core;

import java.util.Collection;
import java.util.function.Predicate;

/** Type of an array's elements, with NumPy's names and sizes. */
public enum DType {
  BOOL(1, false),
  INT8(1, false),
  INT16(2, false),
  INT32(4, false),
  INT64(8, false),
  UINT8(1, false),
  UINT16(2, false),
  UINT32(4, false),
  UINT64(8, false),
  FLOAT16(2, true),
  FLOAT32(4, true),
  FLOAT64(8, true);

  private final int bytes;
  private final boolean floating;

  DType(int bytes, boolean floating) {
    this.bytes = bytes;
    this.floating = floating;
  }

  /** Size of one element in bytes. */
  public int bytes() {
    return bytes;
  }

  /** Whether the elements are IEEE 754 numbers rather than integers or booleans. */
  public boolean isFloating() {
    return floating;
  }

  /** Whether the elements are integers that may be negative. */
  public boolean isSigned() {
    return this == INT8 || this == INT16 || this == INT32 || this == INT64;
  }

  private boolean isUnsigned() {
    return this == UINT8 || this == UINT16 || this == UINT32 || this == UINT64;
  }

  /** Least value of an integer (or boolean) type. */
  public long least() {
    return isSigned() ? -1L << (bytes * 8 - 1) : 0;
  }

  /** Greatest value of an integer (or boolean) type; all 64 bits for {@code uint64}. */
  public long greatest() {
    return this == BOOL ? 1 : isSigned() ? ~least() : -1L >>> (64 - bytes * 8);
  }

  /** Compares two integer elements, which for {@code uint64} are unsigned. */
  public int compare(long left, long right) {
    return this == UINT64 ? Long.compareUnsigned(left, right) : Long.compare(left, right);
  }

  /** The type that NumPy's {@code result_type} finds for arrays of these types; at least one. */
  public static DType promote(Collection<DType> types) {
    int floating = widest(types, DType::isFloating);
    int signed = widest(types, DType::isSigned);
    int unsigned = widest(types, DType::isUnsigned);
    if (floating > 0) {
      int integers = Math.max(signed, unsigned);
      int wide = Math.max(floating, integers <= 1 ? 2 : integers == 2 ? 4 : 8);
      return wide == 2 ? FLOAT16 : wide == 4 ? FLOAT32 : FLOAT64;
    }
    if (signed > 0) {
      return switch (Math.max(signed, 2 * unsigned)) {
        case 1 -> INT8;
        case 2 -> INT16;
        case 4 -> INT32;
        case 8 -> INT64;
        default -> FLOAT64;
      };
    }
    return switch (unsigned) {
      case 0 -> BOOL;
      case 1 -> UINT8;
      case 2 -> UINT16;
      case 4 -> UINT32;
      default -> UINT64;
    };
  }

  /** Bytes of the widest type of some kind, 0 where there is none. */
  private static int widest(Collection<DType> types, Predicate<DType> kind) {
    return types.stream().filter(kind).mapToInt(DType::bytes).max().orElse(0);
  }

  /** NumPy's name, e.g. {@code float32}. */
  public String numpyName() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
