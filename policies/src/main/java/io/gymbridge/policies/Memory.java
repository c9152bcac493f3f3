package io.gymbridge.policies;

import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one of a graph's inputs or outputs, for a batch of rows. Rows lie one after the
 * other where the graph takes one at a time, and else as the port's shape says.
 */
final class Memory {
  private final Port port;
  private final ByteBuffer bytes;
  private final NdArray elements;
  private final boolean single;

  Memory(Port port, int capacity, boolean single) {
    this.port = port;
    this.single = single;
    this.bytes = port.allocate(port.shared() && !single ? 1 : capacity);
    // A view of memory that changes with each run: it must not leave this package.
    this.elements = NdArray.wrap(port.dtype(), bytes, bytes.capacity() / port.dtype().bytes());
  }

  Port port() {
    return port;
  }

  ByteBuffer bytes() {
    return bytes;
  }

  /** Where a block of a row begins, in elements, in a batch of {@code rows}. */
  private int at(int row, int block, int rows) {
    if (single) {
      return row * port.size() + block * port.inner();
    }
    return port.shared() ? block * port.inner() : (block * rows + row) * port.inner();
  }

  private boolean contiguous() {
    return single || port.outer() == 1;
  }

  /** Puts a batch into the rows from {@code first} on, of {@code rows}; null for zeros. */
  void put(@Nullable NdArray source, int count, int first, int rows) {
    if (contiguous()) {
      write(source, 0, at(first, 0, rows), count * port.size());
      return;
    }
    for (int row = 0; row < count; row++) {
      for (int block = 0; block < port.outer(); block++) {
        int from = (row * port.outer() + block) * port.inner();
        write(source, from, at(first + row, block, rows), port.inner());
      }
    }
  }

  /** Sets a number of a port of one element a row. */
  void put(int row, double value) {
    if (port.dtype() == DType.FLOAT32) {
      bytes.putFloat(row * 4, (float) value);
    } else {
      write(NdArray.of(new double[] {value}, 1), 0, row, 1);
    }
  }

  private void write(@Nullable NdArray source, int from, int to, int count) {
    int width = port.dtype().bytes();
    if (source == null) {
      for (int i = to * width; i < (to + count) * width; i++) {
        bytes.put(i, (byte) 0);
      }
    } else if (source.dtype() == port.dtype()) {
      bytes.put(to * width, source.data(), from * width, count * width);
    } else if (port.dtype() == DType.FLOAT32 && source.dtype() == DType.UINT8) {
      ByteBuffer data = source.data();
      for (int i = 0; i < count; i++) {
        bytes.putFloat((to + i) * 4, data.get(from + i) & 0xFF);
      }
    } else if (port.dtype() == DType.FLOAT32) {
      for (int i = 0; i < count; i++) {
        bytes.putFloat((to + i) * 4, (float) source.getDouble(from + i));
      }
    } else {
      NdArray part = source.reshape(source.size()).slice(from, count).cast(port.dtype());
      bytes.put(to * width, part.data(), 0, count * width);
    }
  }

  /** A component of a row of a batch of {@code rows}. */
  double get(int row, int component, int rows) {
    int block = component / port.inner();
    return elements.getDouble(at(row, block, rows) + component - block * port.inner());
  }

  /** Sets such a component, of float32, float64 or int64. */
  void set(int row, int component, int rows, double value) {
    int block = component / port.inner();
    int at = at(row, block, rows) + component - block * port.inner();
    switch (port.dtype()) {
      case FLOAT32 -> bytes.putFloat(at * 4, (float) value);
      case FLOAT64 -> bytes.putDouble(at * 8, value);
      case INT64 -> bytes.putLong(at * 8, (long) value);
      default -> throw new IllegalStateException("no " + port.dtype());
    }
  }

  /** As {@link #get}, with all 64 bits of an integer. */
  long getLong(int row, int component, int rows) {
    int block = component / port.inner();
    return elements.getLong(at(row, block, rows) + component - block * port.inner());
  }

  /** A copy of rows, in the port's own type, as an array of this shape. */
  NdArray copy(int first, int count, int rows, int[] shape) {
    int width = port.dtype().bytes();
    ByteBuffer copy = ByteBuffer.allocate(count * port.size() * width);
    if (contiguous()) {
      copy.put(0, bytes, at(first, 0, rows) * width, copy.capacity());
    } else {
      int blockBytes = port.inner() * width;
      for (int row = 0; row < count; row++) {
        for (int block = 0; block < port.outer(); block++) {
          int to = (row * port.outer() + block) * blockBytes;
          copy.put(to, bytes, at(first + row, block, rows) * width, blockBytes);
        }
      }
    }
    return NdArray.wrap(port.dtype(), copy, shape);
  }
}
