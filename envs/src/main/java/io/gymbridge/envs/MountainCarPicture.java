package io.gymbridge.envs;

import io.gymbridge.core.NdArray;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.Path2D;

/** Draws a car in its valley, and the flag, with Gymnasium's measures. */
final class MountainCarPicture {
  private static final int WIDTH = 600;
  private static final int HEIGHT = 400;
  private static final double SCALE = WIDTH / (MountainCar.MAX_POSITION - MountainCar.MIN_POSITION);

  private MountainCarPicture() {}

  /** A {@code uint8} picture, (400, 600, 3). */
  static NdArray draw(double position, double goal) {
    return Canvas.draw(
        WIDTH,
        HEIGHT,
        Color.WHITE,
        graphics -> {
          drawHills(graphics);
          Canvas.flag(graphics, x(goal), y(goal), 50, new Color(204, 204, 0));
          drawCar(graphics, position);
        });
  }

  private static double x(double position) {
    return (position - MountainCar.MIN_POSITION) * SCALE;
  }

  private static double y(double position) {
    return HEIGHT - (Math.sin(3 * position) * 0.45 + 0.55) * SCALE;
  }

  private static void drawHills(Graphics2D graphics) {
    Path2D hills = new Path2D.Double();
    hills.moveTo(0, y(MountainCar.MIN_POSITION));
    for (int column = 4; column <= WIDTH; column += 4) {
      hills.lineTo(column, y(MountainCar.MIN_POSITION + column / SCALE));
    }
    Path2D ground = new Path2D.Double(hills);
    ground.lineTo(WIDTH, HEIGHT);
    ground.lineTo(0, HEIGHT);
    Canvas.fill(graphics, new Color(232, 238, 226), ground);
    graphics.setColor(Color.BLACK);
    graphics.setStroke(new BasicStroke(1.5f));
    graphics.draw(hills);
  }

  private static void drawCar(Graphics2D graphics, double position) {
    graphics.translate(x(position), y(position));
    // The slope's angle, by Gymnasium's reckoning.
    graphics.rotate(-Math.cos(3 * position));
    Canvas.fill(graphics, Color.BLACK, Canvas.box(-20, -30, 40, 20));
    Canvas.fill(graphics, Color.GRAY, Canvas.disc(-10, -8, 8));
    Canvas.fill(graphics, Color.GRAY, Canvas.disc(10, -8, 8));
  }
}
