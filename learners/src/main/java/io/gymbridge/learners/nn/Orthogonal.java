package io.gymbridge.learners.nn;

import java.util.random.RandomGenerator;

/** Random matrices with orthonormal rows, or columns where there are fewer of these. */
final class Orthogonal {
  private Orthogonal() {}

  /** {@code count} rows of {@code length} numbers. */
  static double[][] rows(int count, int length, RandomGenerator random) {
    if (count > length) {
      return transpose(rows(length, count, random));
    }
    double[][] rows = new double[count][length];
    for (int i = 0; i < count; i++) {
      double norm;
      do {
        for (int j = 0; j < length; j++) {
          rows[i][j] = random.nextGaussian();
        }
        // Twice is enough (Kahan and Parlett): the second pass removes what rounding left.
        remove(rows, i);
        remove(rows, i);
        norm = Math.sqrt(dot(rows[i], rows[i]));
      } while (norm < 1e-6);
      for (int j = 0; j < length; j++) {
        rows[i][j] /= norm;
      }
    }
    return rows;
  }

  /** Takes from row i its parts along the rows before it. */
  private static void remove(double[][] rows, int i) {
    for (int k = 0; k < i; k++) {
      double along = dot(rows[i], rows[k]);
      for (int j = 0; j < rows[i].length; j++) {
        rows[i][j] -= along * rows[k][j];
      }
    }
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }

  private static double[][] transpose(double[][] rows) {
    double[][] columns = new double[rows[0].length][rows.length];
    for (int i = 0; i < rows.length; i++) {
      for (int j = 0; j < rows[0].length; j++) {
        columns[j][i] = rows[i][j];
      }
    }
    return columns;
  }
}
