package io.gymbridge.cli;

/** The random numbers of rollouts, as docs/protocol.md specifies them, to the last bit. */
final class RolloutNoise {
  private static final double LN2_HIGH = 0.6931471803691238;
  private static final double LN2_LOW = 1.9082149292705877e-10;
  static final double LOG_SQRT_2_PI = 0.9189385332046727;

  private static final double[][] CENTRE = {
    {
      2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
      13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608
    },
    {
      5226.495278852854561,
      28729.085735721942674,
      39307.89580009271061,
      21213.794301586595867,
      5394.1960214247511077,
      687.1870074920579083,
      42.313330701600911252,
      1
    }
  };
  private static final double[][] MIDDLE = {
    {
      7.7454501427834140764e-4,
      0.0227238449892691845833,
      0.24178072517745061177,
      1.27045825245236838258,
      3.64784832476320460504,
      5.7694972214606914055,
      4.6303378461565452959,
      1.42343711074968357734
    },
    {
      1.05075007164441684324e-9,
      5.475938084995344946e-4,
      0.0151986665636164571966,
      0.14810397642748007459,
      0.68976733498510000455,
      1.6763848301838038494,
      2.05319162663775882187,
      1
    }
  };
  private static final double[][] TAIL = {
    {
      2.01033439929228813265e-7,
      2.71155556874348757815e-5,
      0.0012426609473880784386,
      0.026532189526576123093,
      0.29656057182850489123,
      1.7848265399172913358,
      5.4637849111641143699,
      6.6579046435011037772
    },
    {
      2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
      7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
      0.59983220655588793769, 1
    }
  };

  private RolloutNoise() {}

  /** Philox4x64-10: the four words for a counter of four and a key of two words. */
  static long[] philox(long[] counter, long key0, long key1) {
    long[] c = counter.clone();
    for (int round = 0; round < 10; round++) {
      long high0 = unsignedHigh(0xD2E7470EE14C6C93L, c[0]);
      long low0 = 0xD2E7470EE14C6C93L * c[0];
      long high1 = unsignedHigh(0xCA5A826395121157L, c[2]);
      long low1 = 0xCA5A826395121157L * c[2];
      c = new long[] {high1 ^ c[1] ^ key0, low1, high0 ^ c[3] ^ key1, low0};
      key0 += 0x9E3779B97F4A7C15L;
      key1 += 0xBB67AE8584CAA73BL;
    }
    return c;
  }

  private static long unsignedHigh(long a, long b) {
    return Math.multiplyHigh(a, b) + ((a >> 63) & b) + ((b >> 63) & a);
  }

  /** The d-th of {@code draws} numbers in (0, 1) of a lane at a step. */
  static double uniform(long seed, int lane, long step, int draw, int draws) {
    long number = step * draws + draw;
    long word = philox(new long[] {number / 4, lane, 0, 0}, seed, 0)[(int) (number % 4)];
    return ((word >>> 12) + 0.5) * 0x1p-52;
  }

  static double log(double x) {
    int exponent = Math.getExponent(x) + 1;
    double mantissa = Math.scalb(x, -exponent);
    if (mantissa < 0.7071067811865476) {
      mantissa += mantissa;
      exponent--;
    }
    double s = (mantissa - 1) / (mantissa + 1);
    double s2 = s * s;
    double series = 2.0 / 21;
    for (int power = 19; power >= 3; power -= 2) {
      series = series * s2 + 2.0 / power;
    }
    series *= s2;
    return exponent * LN2_HIGH + (exponent * LN2_LOW + (series * s + (s + s)));
  }

  static double exp(double x) {
    double bounded = Math.min(Math.max(x, -700), 700);
    double k = Math.floor(bounded * 1.4426950408889634 + 0.5);
    double r = (bounded - k * LN2_HIGH) - k * LN2_LOW;
    double factorial = 6_227_020_800.0;
    double series = 1 / factorial;
    for (int number = 12; number >= 2; number--) {
      factorial /= number + 1;
      series = series * r + 1 / factorial;
    }
    return Math.scalb((series * r + 1) * r + 1, (int) k);
  }

  /** The standard normal distribution's quantile. */
  static double normal(double u) {
    double q = u - 0.5;
    if (Math.abs(q) <= 0.425) {
      double r = 0.180625 - q * q;
      return q * (horner(CENTRE[0], r) / horner(CENTRE[1], r));
    }
    double r = Math.sqrt(-log(Math.min(u, 1 - u)));
    double[][] ratio = r <= 5 ? MIDDLE : TAIL;
    double shifted = r <= 5 ? r - 1.6 : r - 5;
    double magnitude = horner(ratio[0], shifted) / horner(ratio[1], shifted);
    return q < 0 ? -magnitude : magnitude;
  }

  /** The standard Gumbel distribution's quantile. */
  static double gumbel(double u) {
    return -log(-log(u));
  }

  private static double horner(double[] coefficients, double x) {
    double result = coefficients[0];
    for (int i = 1; i < coefficients.length; i++) {
      result = result * x + coefficients[i];
    }
    return result;
  }
}
