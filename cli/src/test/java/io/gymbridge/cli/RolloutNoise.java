package io.gymbridge.cli;

/** The random numbers of rollouts, as docs/protocol.md specifies them, to the last bit. */
final class RolloutNoise {
  private static final double LN2_HIGH = 0.6931471803691238;
  private static final double LN2_LOW = 1.9082149292705877e-10;
  static final double LOG_SQRT_2_PI = 0.9189385332046727;

  private static final double[][] CENTRE = {
    {
      2509.0809287301227, 33430.57558358813, 67265.7709270087, 45921.95393154987,
      13731.69376550946, 1971.5909503065513, 133.14166789178438, 3.3871328727963665
    },
    {
      5226.495278852854,
      28729.085735721943,
      39307.89580009271,
      21213.794301586597,
      5394.196021424751,
      687.1870074920579,
      42.31333070160091,
      1
    }
  };
  private static final double[][] MIDDLE = {
    {
      0.0007745450142783414,
      0.022723844989269184,
      0.2417807251774506,
      1.2704582524523684,
      3.6478483247632045,
      5.769497221460691,
      4.630337846156546,
      1.4234371107496835
    },
    {
      1.0507500716444169e-09,
      0.0005475938084995345,
      0.015198666563616457,
      0.14810397642748008,
      0.6897673349851,
      1.6763848301838038,
      2.053191626637759,
      1
    }
  };
  private static final double[][] TAIL = {
    {
      2.0103343992922881e-07,
      2.7115555687434876e-05,
      0.0012426609473880784,
      0.026532189526576124,
      0.29656057182850487,
      1.7848265399172913,
      5.463784911164114,
      6.657904643501103
    },
    {
      2.0442631033899397e-15, 1.421511758316446e-07, 1.8463183175100548e-05,
      0.0007868691311456133, 0.014875361290850615, 0.1369298809227358,
      0.599832206555888, 1
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
