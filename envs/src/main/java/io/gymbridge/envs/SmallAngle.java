package io.gymbridge.envs;

/**
 * Sine and cosine of angles of at most a quarter rad, by their power series: to the last bit or its
 * neighbour, and without branches, so that loops over them become vector instructions.
 */
final class SmallAngle {
  /** Where the first term left out is below a tenth of the last bit. */
  static final double MAX = 0.25;

  private SmallAngle() {}

  static double sin(double x) {
    double z = x * x;
    double series =
        -1 / 6.
            + z
                * (1 / 120.
                    + z
                        * (-1 / 5_040.
                            + z
                                * (1 / 362_880.
                                    + z * (-1 / 39_916_800. + z * (1 / 6_227_020_800.)))));
    return x + x * (z * series);
  }

  static double cos(double x) {
    double z = x * x;
    double series =
        1 / 24.
            + z
                * (-1 / 720.
                    + z
                        * (1 / 40_320.
                            + z
                                * (-1 / 3_628_800.
                                    + z * (1 / 479_001_600. + z * (-1 / 87_178_291_200.)))));
    return 1 - (0.5 * z - z * z * series);
  }
}
