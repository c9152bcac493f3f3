package io.gymbridge.policies;

import org.jspecify.annotations.Nullable;

/**
 * The arithmetic of {@link SmallNetwork}, on arrays of one row. Loops are such that Java's compiler
 * makes vector instructions of those that matter.
 */
final class Layers {
  /** Beyond, tanh is 1 to the bound that is given here. */
  private static final float TANH_LIMIT = 8.5f;

  private Layers() {}

  /** An operator of two numbers. */
  enum Binary {
    ADD,
    SUB,
    MUL,
    DIV,
    MAX,
    MIN
  }

  /** A row times a matrix, plus a row. */
  interface Product {
    void apply(float[] x, float[] out);
  }

  /**
   * The product with a matrix.
   *
   * @param weights inputs × units, or the other way round where {@code transposed}
   */
  static Product product(
      double[] weights, boolean transposed, int inputs, int units, double @Nullable [] biases) {
    float[] start = biases == null ? new float[units] : floats(biases);
    // Long rows are summed up side by side, short ones one by one.
    boolean wide = units >= 16;
    float[][] rows = new float[wide ? inputs : units][wide ? units : inputs];
    for (int input = 0; input < inputs; input++) {
      for (int unit = 0; unit < units; unit++) {
        float weight = (float) weights[transposed ? unit * inputs + input : input * units + unit];
        rows[wide ? input : unit][wide ? unit : input] = weight;
      }
    }
    return wide
        ? (x, out) -> sumOfRows(x, rows, start, out)
        : (x, out) -> dots(x, rows, start, out);
  }

  private static void sumOfRows(float[] x, float[][] rows, float[] start, float[] out) {
    System.arraycopy(start, 0, out, 0, out.length);
    int i = 0;
    for (; i + 4 <= rows.length; i += 4) {
      addRows(
          x[i], rows[i], x[i + 1], rows[i + 1], x[i + 2], rows[i + 2], x[i + 3], rows[i + 3], out);
    }
    for (; i < rows.length; i++) {
      addRow(x[i], rows[i], out);
    }
  }

  private static void addRows(
      float a, float[] p, float b, float[] q, float c, float[] r, float d, float[] s, float[] out) {
    for (int i = 0; i < out.length; i++) {
      out[i] += a * p[i] + b * q[i] + c * r[i] + d * s[i];
    }
  }

  private static void addRow(float a, float[] p, float[] out) {
    for (int i = 0; i < out.length; i++) {
      out[i] += a * p[i];
    }
  }

  private static void dots(float[] x, float[][] rows, float[] start, float[] out) {
    for (int unit = 0; unit < out.length; unit++) {
      float[] row = rows[unit];
      float even = start[unit];
      float odd = 0;
      int i = 0;
      for (; i + 2 <= row.length; i += 2) {
        even += x[i] * row[i];
        odd += x[i + 1] * row[i + 1];
      }
      out[unit] = even + odd + (i < row.length ? x[i] * row[i] : 0);
    }
  }

  /**
   * The hyperbolic tangent to 4e-7: x times a quotient of polynomials in x², of degrees 5 and 4,
   * fitted by us on ±{@value #TANH_LIMIT} by reweighted least squares.
   */
  static void tanh(float[] from, float[] out) {
    for (int i = 0; i < out.length; i++) {
      float x = Math.max(-TANH_LIMIT, Math.min(TANH_LIMIT, from[i]));
      float z = x * x;
      float above = -1.318847e-11f;
      above = above * z + 3.1859944e-8f;
      above = above * z + 2.8522405e-5f;
      above = above * z + 3.8934539e-3f;
      above = above * z + 0.1369987f;
      above = above * z + 1;
      float below = 1.3238125e-6f;
      below = below * z + 3.9832052e-4f;
      below = below * z + 0.02733748f;
      below = below * z + 0.47033203f;
      below = below * z + 1;
      out[i] = Math.max(-1, Math.min(1, x * above / below));
    }
  }

  static void relu(float[] from, float[] out) {
    for (int i = 0; i < out.length; i++) {
      out[i] = Math.max(0, from[i]);
    }
  }

  static void clip(float[] from, float low, float high, float[] out) {
    for (int i = 0; i < out.length; i++) {
      out[i] = Math.max(low, Math.min(high, from[i]));
    }
  }

  static void clip(double[] from, double low, double high, double[] out) {
    for (int i = 0; i < out.length; i++) {
      out[i] = Math.max(low, Math.min(high, from[i]));
    }
  }

  /** Number by number; an operand of one number is the same for all. */
  static void apply(Binary binary, float[] a, float[] b, float[] out) {
    for (int i = 0; i < out.length; i++) {
      float x = a[a.length == 1 ? 0 : i];
      float y = b[b.length == 1 ? 0 : i];
      out[i] =
          switch (binary) {
            case ADD -> x + y;
            case SUB -> x - y;
            case MUL -> x * y;
            case DIV -> x / y;
            case MAX -> Math.max(x, y);
            case MIN -> Math.min(x, y);
          };
    }
  }

  static void apply(Binary binary, double[] a, double[] b, double[] out) {
    for (int i = 0; i < out.length; i++) {
      double x = a[a.length == 1 ? 0 : i];
      double y = b[b.length == 1 ? 0 : i];
      out[i] =
          switch (binary) {
            case ADD -> x + y;
            case SUB -> x - y;
            case MUL -> x * y;
            case DIV -> x / y;
            case MAX -> Math.max(x, y);
            case MIN -> Math.min(x, y);
          };
    }
  }

  static void narrow(double[] from, float[] out) {
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) from[i];
    }
  }

  static void widen(float[] from, double[] out) {
    for (int i = 0; i < out.length; i++) {
      out[i] = from[i];
    }
  }

  /** The first, where several are; −1 where there is a NaN. */
  static int indexOfLargest(float[] row) {
    int best = 0;
    for (int i = 0; i < row.length; i++) {
      if (Float.isNaN(row[i])) {
        return -1;
      }
      best = row[i] > row[best] ? i : best;
    }
    return best;
  }

  static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }
}
