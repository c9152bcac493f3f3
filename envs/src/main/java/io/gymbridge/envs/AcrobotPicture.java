package io.gymbridge.envs;

import io.gymbridge.core.NdArray;
import java.awt.Color;
import java.awt.Graphics2D;

/** Draws two links and the line to be reached, with Gymnasium's measures and colours. */
final class AcrobotPicture {
  private static final int SIDE = 500;
  private static final double LINK = SIDE / 4.4;
  private static final double HALF_WIDTH = 0.1 * LINK;

  private AcrobotPicture() {}

  /**
   * A {@code uint8} picture, (500, 500, 3).
   *
   * @param first angle from hanging down, counter-clockwise
   * @param second angle relative to the first link
   */
  static NdArray draw(double first, double second) {
    return Canvas.draw(
        SIDE,
        SIDE,
        Color.WHITE,
        graphics -> {
          graphics.translate(SIDE / 2, SIDE / 2);
          Canvas.fill(graphics, Color.BLACK, Canvas.box(-SIDE / 2.0, -LINK - 0.5, SIDE, 1));
          drawLink(graphics, first);
          drawLink(graphics, second);
        });
  }

  private static void drawLink(Graphics2D graphics, double angle) {
    graphics.rotate(-angle);
    Canvas.fill(graphics, new Color(0, 204, 204), Canvas.box(-HALF_WIDTH, 0, 2 * HALF_WIDTH, LINK));
    Canvas.fill(graphics, new Color(204, 204, 0), Canvas.disc(0, 0, HALF_WIDTH));
    graphics.translate(0, LINK);
  }
}
