package io.gymbridge.server.rollout;

/**
 * The random numbers of rollouts: the same bits wherever they are computed, as docs/protocol.md
 * specifies them.
 *
 * <p>Philox4x64-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011) gives
 * the bits, and Wichura's AS 241 (PPND16, Applied Statistics 37, 1988) makes normal ones of them.
 * Java rounds each operation by itself; its own logarithms and exponentials may differ in the last
 * bit from one machine to another.
 */
public final class Noise {
  /** ln √(2π). */
  public static final double LOG_SQRT_2_PI = 0.9189385332046727;

  /** ln 2 in two parts, of which the first has 32 bits: products with an exponent are exact. */
  private static final double LN2_HIGH = 0.6931471803691238;

  private static final double LN2_LOW = 1.9082149292705877e-10;
  private static final double LOG2_E = 1.4426950408889634;
  private static final double SQRT_HALF = 0.7071067811865476;
  private static final double EXP_BOUND = 700;

  // All polynomials begin with the highest power.

  /** 2/21, 2/19, …, 2/3, of the series of log((1 + s) / (1 − s)). */
  private static final double[] LOG_SERIES = new double[10];

  /** 1/13!, …, 1/2!, 1, 1. */
  private static final double[] EXP_SERIES = new double[14];

  static {
    for (int i = 0; i < LOG_SERIES.length; i++) {
      LOG_SERIES[i] = 2.0 / (21 - 2 * i);
    }
    long factorial = 1;
    for (int power = 0; power < EXP_SERIES.length; power++) {
      factorial *= Math.max(1, power);
      EXP_SERIES[EXP_SERIES.length - 1 - power] = 1.0 / factorial;
    }
  }

  private static final double[] CENTRE_ABOVE = {
    2509.0809287301227,
    33430.57558358813,
    67265.7709270087,
    45921.95393154987,
    13731.69376550946,
    1971.5909503065513,
    133.14166789178438,
    3.3871328727963665
  };
  private static final double[] CENTRE_BELOW = {
    5226.495278852854,
    28729.085735721943,
    39307.89580009271,
    21213.794301586597,
    5394.196021424751,
    687.1870074920579,
    42.31333070160091,
    1
  };
  private static final double[] MIDDLE_ABOVE = {
    0.0007745450142783414,
    0.022723844989269184,
    0.2417807251774506,
    1.2704582524523684,
    3.6478483247632045,
    5.769497221460691,
    4.630337846156546,
    1.4234371107496835
  };
  private static final double[] MIDDLE_BELOW = {
    1.0507500716444169e-09,
    0.0005475938084995345,
    0.015198666563616457,
    0.14810397642748008,
    0.6897673349851,
    1.6763848301838038,
    2.053191626637759,
    1
  };
  private static final double[] TAIL_ABOVE = {
    2.0103343992922881e-07,
    2.7115555687434876e-05,
    0.0012426609473880784,
    0.026532189526576124,
    0.29656057182850487,
    1.7848265399172913,
    5.463784911164114,
    6.657904643501103
  };
  private static final double[] TAIL_BELOW = {
    2.0442631033899397e-15,
    1.421511758316446e-07,
    1.8463183175100548e-05,
    0.0007868691311456133,
    0.014875361290850615,
    0.1369298809227358,
    0.599832206555888,
    1
  };

  private Noise() {}

  /** Philox4x64-10: turns a counter of four words into four random ones, in place. */
  static void philox(long[] words, long key0, long key1) {
    long c0 = words[0];
    long c1 = words[1];
    long c2 = words[2];
    long c3 = words[3];
    for (int round = 0; round < 10; round++) {
      long high0 = unsignedHigh(0xD2E7470EE14C6C93L, c0);
      long low0 = 0xD2E7470EE14C6C93L * c0;
      long high1 = unsignedHigh(0xCA5A826395121157L, c2);
      long low1 = 0xCA5A826395121157L * c2;
      c0 = high1 ^ c1 ^ key0;
      c1 = low1;
      c2 = high0 ^ c3 ^ key1;
      c3 = low0;
      key0 += 0x9E3779B97F4A7C15L;
      key1 += 0xBB67AE8584CAA73BL;
    }
    words[0] = c0;
    words[1] = c1;
    words[2] = c2;
    words[3] = c3;
  }

  private static long unsignedHigh(long a, long b) {
    return Math.multiplyHigh(a, b) + ((a >> 63) & b) + ((b >> 63) & a);
  }

  /**
   * Numbers in (0, 1): those of some lanes for consecutive steps.
   *
   * @param draws for each lane in each step
   * @param into (steps, lanes, draws), and more where it is longer
   */
  public static void uniforms(
      long seed, int firstLane, int lanes, long firstStep, int steps, int draws, double[] into) {
    long[] words = new long[4];
    // ⌊firstStep · draws / 4⌋ and what is left of it, where the product has more than 64 bits too.
    long rest = (firstStep & 3) * draws;
    long firstBlock = (firstStep >>> 2) * draws + (rest >>> 2);
    int skipped = (int) (rest & 3);
    for (int lane = 0; lane < lanes; lane++) {
      int count = steps * draws;
      for (int i = 0; i < count; i++) {
        int number = skipped + i;
        int word = number & 3;
        if (i == 0 || word == 0) {
          words[0] = firstBlock + (number >>> 2);
          words[1] = (long) firstLane + lane;
          words[2] = 0;
          words[3] = 0;
          philox(words, seed, 0);
        }
        into[(i / draws * lanes + lane) * draws + i % draws] =
            ((words[word] >>> 12) + 0.5) * 0x1p-52;
      }
    }
  }

  /** Natural logarithm of a normal positive number. */
  public static double log(double x) {
    int exponent = Math.getExponent(x) + 1;
    double mantissa = Math.scalb(x, -exponent);
    if (mantissa < SQRT_HALF) {
      mantissa += mantissa;
      exponent--;
    }
    double s = (mantissa - 1) / (mantissa + 1);
    double s2 = s * s;
    double series = horner(LOG_SERIES, s2) * s2;
    return exponent * LN2_HIGH + (exponent * LN2_LOW + (series * s + (s + s)));
  }

  /** Exponential; of what is outside [−700, 700], that of the bound. */
  public static double exp(double x) {
    double bounded = Math.min(Math.max(x, -EXP_BOUND), EXP_BOUND);
    double k = Math.floor(bounded * LOG2_E + 0.5);
    double r = (bounded - k * LN2_HIGH) - k * LN2_LOW;
    return Math.scalb(horner(EXP_SERIES, r), (int) k);
  }

  /** A standard normal number: the quantile at {@code u}. */
  public static double normal(double u) {
    double q = u - 0.5;
    if (Math.abs(q) <= 0.425) {
      double r = 0.180625 - q * q;
      return q * (horner(CENTRE_ABOVE, r) / horner(CENTRE_BELOW, r));
    }
    double r = Math.sqrt(-log(Math.min(u, 1 - u)));
    double magnitude =
        r <= 5
            ? horner(MIDDLE_ABOVE, r - 1.6) / horner(MIDDLE_BELOW, r - 1.6)
            : horner(TAIL_ABOVE, r - 5) / horner(TAIL_BELOW, r - 5);
    return q < 0 ? -magnitude : magnitude;
  }

  /** A standard Gumbel number: the quantile at {@code u}. */
  public static double gumbel(double u) {
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
