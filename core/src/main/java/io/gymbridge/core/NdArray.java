package io.gymbridge.core;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/**
 * An immutable row-major array of numbers, held as little-endian bytes: the form in which it
 * crosses the wire, so that receiving one copies nothing.
 *
 * <p>Elements are addressed by their flat index. Equality is by type, shape and bytes. Safe to
 * share between threads.
 */
public final class NdArray implements Value {
  private final DType dtype;
  private final int[] shape;
  private final int size;
  private final ByteBuffer data;

  private NdArray(DType dtype, int[] shape, ByteBuffer data) {
    this.dtype = dtype;
    this.shape = shape;
    this.size = sizeOf(shape);
    this.data = data.slice().asReadOnlyBuffer().order(ByteOrder.LITTLE_ENDIAN);
    if (this.data.remaining() != (long) size * dtype.bytes()) {
      throw new IllegalArgumentException(
          "an array of %s %s takes %d bytes, got %d"
              .formatted(
                  dtype.numpyName(),
                  Arrays.toString(shape),
                  (long) size * dtype.bytes(),
                  this.data.remaining()));
    }
  }

  /**
   * A view of {@code data}, from its position to its limit, which the caller must not change
   * afterwards.
   *
   * @throws IllegalArgumentException if the length does not fit the shape
   */
  public static NdArray wrap(DType dtype, ByteBuffer data, int... shape) {
    return new NdArray(dtype, shape.clone(), data);
  }

  /** An array of {@code float32}; the values are copied. */
  public static NdArray of(float[] values, int... shape) {
    ByteBuffer data = allocate(DType.FLOAT32, values.length);
    data.asFloatBuffer().put(values);
    return new NdArray(DType.FLOAT32, shape.clone(), data);
  }

  /** An array of {@code float64}; the values are copied. */
  public static NdArray of(double[] values, int... shape) {
    ByteBuffer data = allocate(DType.FLOAT64, values.length);
    data.asDoubleBuffer().put(values);
    return new NdArray(DType.FLOAT64, shape.clone(), data);
  }

  /** An array of {@code int64}; the values are copied. */
  public static NdArray of(long[] values, int... shape) {
    ByteBuffer data = allocate(DType.INT64, values.length);
    data.asLongBuffer().put(values);
    return new NdArray(DType.INT64, shape.clone(), data);
  }

  /** An array of {@code dtype} with each number converted as a Java cast would. */
  public static NdArray ofDoubles(DType dtype, double[] values, int... shape) {
    ByteBuffer data = allocate(dtype, values.length);
    for (int i = 0; i < values.length; i++) {
      Elements.put(data, dtype, i, values[i]);
    }
    return new NdArray(dtype, shape.clone(), data);
  }

  /**
   * An integer (or boolean) array of {@code dtype}, keeping all 64 bits where the type has them.
   */
  public static NdArray ofLongs(DType dtype, long[] values, int... shape) {
    ByteBuffer data = allocate(dtype, values.length);
    for (int i = 0; i < values.length; i++) {
      Elements.put(data, dtype, i, values[i]);
    }
    return new NdArray(dtype, shape.clone(), data);
  }

  /** A batch of no arrays of the given type and shape. */
  public static NdArray empty(DType dtype, int... rowShape) {
    return new NdArray(dtype, Leaves.batchShape(0, rowShape), allocate(dtype, 0));
  }

  /** Joins arrays of one type and shape along a new first dimension. */
  static NdArray stack(List<NdArray> rows) {
    int[] rowShape = rows.get(0).shape;
    for (NdArray row : rows) {
      checkAlike(rowShape, row.shape);
    }
    return joined(rows, Leaves.batchShape(rows.size(), rowShape));
  }

  /** Joins arrays of one type and row shape along their first dimension. */
  static NdArray concatenate(List<NdArray> batches) {
    int[] rowShape = batches.get(0).rowShape();
    int rows = 0;
    for (NdArray batch : batches) {
      checkAlike(rowShape, batch.rowShape());
      rows = Math.addExact(rows, batch.batchSize());
    }
    return joined(batches, Leaves.batchShape(rows, rowShape));
  }

  private static void checkAlike(int[] expected, int[] actual) {
    if (!Arrays.equals(expected, actual)) {
      throw new IllegalArgumentException(
          "cannot join arrays of shapes %s and %s"
              .formatted(Arrays.toString(expected), Arrays.toString(actual)));
    }
  }

  private static NdArray joined(List<NdArray> arrays, int[] shape) {
    DType dtype = arrays.get(0).dtype;
    ByteBuffer data = allocate(dtype, sizeOf(shape));
    for (NdArray array : arrays) {
      if (array.dtype != dtype) {
        throw new IllegalArgumentException(
            "cannot join arrays of %s and %s"
                .formatted(dtype.numpyName(), array.dtype.numpyName()));
      }
      data.put(array.data.duplicate());
    }
    return new NdArray(dtype, shape, data.flip());
  }

  public DType dtype() {
    return dtype;
  }

  /** Dimensions, outermost first; empty for a scalar. */
  public int[] shape() {
    return shape.clone();
  }

  /** Number of elements. */
  public int size() {
    return size;
  }

  /** The elements as bytes, little-endian, row-major; a read-only view of its own position. */
  public ByteBuffer data() {
    return data.duplicate().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Element at a flat index, as a {@code double}. */
  public double getDouble(int index) {
    return Elements.getDouble(data, dtype, index);
  }

  /** Element at a flat index, as a {@code long}; floating elements are truncated. */
  public long getLong(int index) {
    return Elements.getLong(data, dtype, index);
  }

  /** Flat index of the first element that is NaN or infinite, −1 where there is none. */
  public int firstNotFinite() {
    if (!dtype.isFloating()) {
      return -1;
    }
    for (int i = 0; i < size; i++) {
      if (!Double.isFinite(dtype == DType.FLOAT32 ? data.getFloat(i * 4) : getDouble(i))) {
        return i;
      }
    }
    return -1;
  }

  /** All elements as {@code float}, in a new array. */
  public float[] toFloats() {
    float[] values = new float[size];
    if (dtype == DType.FLOAT32) {
      data().asFloatBuffer().get(values);
    } else {
      for (int i = 0; i < size; i++) {
        values[i] = (float) getDouble(i);
      }
    }
    return values;
  }

  /** All elements as {@code double}, in a new array. */
  public double[] toDoubles() {
    double[] values = new double[size];
    if (dtype == DType.FLOAT64) {
      data().asDoubleBuffer().get(values);
    } else {
      for (int i = 0; i < size; i++) {
        values[i] = getDouble(i);
      }
    }
    return values;
  }

  /** All elements as {@code long}, in a new array. */
  public long[] toLongs() {
    long[] values = new long[size];
    for (int i = 0; i < size; i++) {
      values[i] = getLong(i);
    }
    return values;
  }

  /** The same bytes with other dimensions of the same product. */
  public NdArray reshape(int... newShape) {
    return new NdArray(dtype, newShape.clone(), data);
  }

  /** This array {@code count} times along a new first dimension. */
  NdArray repeat(int count) {
    ByteBuffer copies = allocate(dtype, Math.multiplyExact(count, size));
    for (int i = 0; i < count; i++) {
      copies.put(data());
    }
    return new NdArray(dtype, Leaves.batchShape(count, shape), copies.flip());
  }

  /** The elements converted to another type, as a Java cast would. */
  public NdArray cast(DType to) {
    if (to == dtype) {
      return this;
    }
    ByteBuffer converted = allocate(to, size);
    for (int i = 0; i < size; i++) {
      if (dtype.isFloating() || to.isFloating()) {
        Elements.put(converted, to, i, getDouble(i));
      } else {
        Elements.put(converted, to, i, getLong(i));
      }
    }
    return new NdArray(to, shape, converted);
  }

  @Override
  public NdArray array() {
    return this;
  }

  @Override
  public int batchSize() {
    if (shape.length == 0) {
      throw new IllegalStateException("a scalar is not a batch");
    }
    return shape[0];
  }

  /** Dimensions of one row of a batch. */
  private int[] rowShape() {
    batchSize();
    return Arrays.copyOfRange(shape, 1, shape.length);
  }

  private ByteBuffer rows(int first, int count, int rowBytes) {
    java.util.Objects.checkFromIndexSize(first, count, batchSize());
    return data.slice(first * rowBytes, count * rowBytes);
  }

  @Override
  public NdArray row(int index) {
    int[] rowShape = rowShape();
    return new NdArray(dtype, rowShape, rows(index, 1, sizeOf(rowShape) * dtype.bytes()));
  }

  @Override
  public NdArray slice(int first, int count) {
    int[] rowShape = rowShape();
    ByteBuffer rows = rows(first, count, sizeOf(rowShape) * dtype.bytes());
    return new NdArray(dtype, Leaves.batchShape(count, rowShape), rows);
  }

  @Override
  public NdArray take(int[] indices) {
    int[] rowShape = rowShape();
    int rowBytes = sizeOf(rowShape) * dtype.bytes();
    ByteBuffer copy = ByteBuffer.allocate(Math.multiplyExact(indices.length, rowBytes));
    for (int index : indices) {
      copy.put(rows(index, 1, rowBytes));
    }
    return new NdArray(dtype, Leaves.batchShape(indices.length, rowShape), copy.flip());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof NdArray that
        && dtype == that.dtype
        && Arrays.equals(shape, that.shape)
        && data.equals(that.data);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * dtype.hashCode() + Arrays.hashCode(shape)) + data.hashCode();
  }

  /** Type, shape and the first few elements. */
  @Override
  public String toString() {
    StringBuilder text =
        new StringBuilder(dtype.numpyName()).append(Arrays.toString(shape)).append('{');
    int shown = Math.min(size, 8);
    for (int i = 0; i < shown; i++) {
      text.append(i == 0 ? "" : ", ").append(format(i));
    }
    return text.append(size > shown ? ", …}" : "}").toString();
  }

  /** Element at a flat index as text, exactly. */
  String format(int index) {
    return dtype.isFloating()
        ? String.valueOf(getDouble(index))
        : dtype == DType.UINT64
            ? Long.toUnsignedString(getLong(index))
            : String.valueOf(getLong(index));
  }

  private static ByteBuffer allocate(DType dtype, int size) {
    return ByteBuffer.allocate(Math.multiplyExact(size, dtype.bytes()))
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private static int sizeOf(int[] shape) {
    boolean empty = false;
    for (int dimension : shape) {
      if (dimension < 0) {
        throw new IllegalArgumentException("negative dimension in shape " + Arrays.toString(shape));
      }
      empty |= dimension == 0;
    }
    return empty ? 0 : Arrays.stream(shape).reduce(1, Math::multiplyExact);
  }
}
