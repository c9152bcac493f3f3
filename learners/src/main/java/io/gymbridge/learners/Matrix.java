package io.gymbridge.learners;

import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;

/**
 * A preallocated column-major ND4J matrix whose elements Java reads and writes directly. Products
 * are ND4J's; loops over elements are Java's, because at the sizes of a policy network a native
 * call costs more than the loop.
 *
 * <p>Not thread-safe.
 */
final class Matrix {
  final INDArray array;
  final int rows;
  final int columns;
  private final @Nullable FloatBuffer floats;
  private final @Nullable DoubleBuffer doubles;

  /** A matrix of zeros of type FLOAT or DOUBLE. */
  Matrix(DataType type, int rows, int columns) {
    this(Nd4j.create(type, new long[] {rows, columns}, 'f'), rows, columns);
  }

  private Matrix(INDArray array, int rows, int columns) {
    this.array = array;
    this.rows = rows;
    this.columns = columns;
    boolean single = array.dataType() == DataType.FLOAT;
    this.floats = single ? array.data().asNioFloat() : null;
    this.doubles = single ? null : array.data().asNioDouble();
  }

  /** All elements of a contiguous array that begins where its memory does, as one column. */
  static Matrix column(INDArray array) {
    if (array.offset() != 0) {
      throw new IllegalArgumentException("expected an array of its own, got a view");
    }
    int size = Math.toIntExact(array.length());
    return new Matrix(array.reshape('f', size, 1), size, 1);
  }

  double get(int row, int column) {
    return at(column * rows + row);
  }

  void put(int row, int column, double value) {
    putAt(column * rows + row, value);
  }

  /** Element at a flat, column-major index. */
  double at(int index) {
    return floats != null ? floats.get(index) : Objects.requireNonNull(doubles).get(index);
  }

  /** Sets an element at a flat, column-major index. */
  void putAt(int index, double value) {
    if (floats != null) {
      floats.put(index, (float) value);
    } else {
      Objects.requireNonNull(doubles).put(index, value);
    }
  }

  /** Adds to each column its element of {@code parameters}, which start at {@code offset}. */
  void addToColumns(Matrix parameters, int offset) {
    for (int column = 0; column < columns; column++) {
      double value = parameters.at(offset + column);
      for (int index = column * rows; index < (column + 1) * rows; index++) {
        putAt(index, at(index) + value);
      }
    }
  }

  /** Writes the sum of each column to {@code gradient}, from {@code offset} on. */
  void sumColumns(Matrix gradient, int offset) {
    for (int column = 0; column < columns; column++) {
      double sum = 0;
      for (int index = column * rows; index < (column + 1) * rows; index++) {
        sum += at(index);
      }
      gradient.putAt(offset + column, sum);
    }
  }

  /** Negative elements become 0. */
  void rectify() {
    for (int index = 0; index < rows * columns; index++) {
      if (at(index) < 0) {
        putAt(index, 0);
      }
    }
  }

  /** Multiplies by the derivative of tanh or of ReLU, in terms of their outputs. */
  void multiplyByDerivative(Matrix outputs, boolean tanh) {
    for (int index = 0; index < rows * columns; index++) {
      double output = outputs.at(index);
      if (tanh) {
        putAt(index, at(index) * (1 - output * output));
      } else if (output <= 0) {
        putAt(index, 0);
      }
    }
  }
}
