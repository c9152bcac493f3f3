package io.gymbridge.envs;

import io.gymbridge.core.NdArray;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Arc2D;

/** Draws a pendulum with Gymnasium's measures and colours, and the torque as an arrow round it. */
final class PendulumPicture {
  private static final int SIDE = 500;
  private static final double SCALE = SIDE / 4.4;
  private static final Color ROD = new Color(204, 77, 77);

  private PendulumPicture() {}

  /**
   * A {@code uint8} picture, (500, 500, 3).
   *
   * @param angle from upright, counter-clockwise
   */
  static NdArray draw(double angle, double torque) {
    return Canvas.draw(
        SIDE,
        SIDE,
        Color.WHITE,
        graphics -> {
          graphics.translate(SIDE / 2, SIDE / 2);
          drawRod(graphics, angle);
          if (torque != 0) {
            drawArrow(graphics, torque);
          }
          Canvas.fill(graphics, Color.BLACK, Canvas.disc(0, 0, 0.05 * SCALE));
        });
  }

  private static void drawRod(Graphics2D graphics, double angle) {
    Graphics2D turned = (Graphics2D) graphics.create();
    turned.rotate(-angle);
    double half = 0.1 * SCALE;
    Canvas.fill(turned, ROD, Canvas.box(-half, -SCALE, 2 * half, SCALE));
    Canvas.fill(turned, ROD, Canvas.disc(0, 0, half));
    Canvas.fill(turned, ROD, Canvas.disc(0, -SCALE, half));
    turned.dispose();
  }

  private static void drawArrow(Graphics2D graphics, double torque) {
    double radius = SCALE * (0.2 + 0.15 * Math.abs(torque));
    // A mirrored picture shows the other sense of rotation.
    Graphics2D mirrored = (Graphics2D) graphics.create();
    mirrored.scale(torque > 0 ? 1 : -1, 1);
    mirrored.setColor(new Color(60, 60, 60));
    mirrored.setStroke(new BasicStroke(4, BasicStroke.CAP_BUTT, BasicStroke.JOIN_ROUND));
    mirrored.draw(new Arc2D.Double(-radius, -radius, 2 * radius, 2 * radius, -30, 150, Arc2D.OPEN));
    mirrored.rotate(Math.toRadians(-120));
    mirrored.fill(Canvas.polygon(radius - 9, 2, radius + 9, 2, radius, -16));
    mirrored.dispose();
  }
}
