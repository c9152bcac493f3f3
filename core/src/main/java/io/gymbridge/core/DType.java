package io.gymbridge.core;

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

  /** NumPy's name, e.g. {@code float32}. */
  public String numpyName() {
    return name().toLowerCase(java.util.Locale.ROOT);
  }
}
