package io.gymbridge.envs;

import io.gymbridge.core.NdArray;
import java.awt.Color;
import java.awt.Graphics2D;

/** Draws a cart and its pole with Gymnasium's measures and colours; needs no screen. */
final class CartPolePicture {
  private static final int WIDTH = 600;
  private static final int HEIGHT = 400;
  private static final double TRACK = 300;
  private static final double CART_WIDTH = 50;
  private static final double CART_HEIGHT = 30;
  private static final double POLE_WIDTH = 10;

  private CartPolePicture() {}

  /** A {@code uint8} picture, (400, 600, 3). */
  static NdArray draw(double x, double angle, double halfLength) {
    return Canvas.draw(
        WIDTH, HEIGHT, Color.WHITE, graphics -> draw(graphics, x, angle, halfLength));
  }

  private static void draw(Graphics2D graphics, double x, double angle, double halfLength) {
    double scale = WIDTH / (2 * CartPole.MAX_POSITION);
    double middle = x * scale + WIDTH / 2.0;
    double axle = TRACK - CART_HEIGHT / 4;
    Canvas.fill(
        graphics,
        Color.BLACK,
        Canvas.box(middle - CART_WIDTH / 2, TRACK - CART_HEIGHT / 2, CART_WIDTH, CART_HEIGHT));
    graphics.drawLine(0, (int) TRACK, WIDTH, (int) TRACK);
    graphics.translate(middle, axle);
    graphics.rotate(angle);
    double length = scale * 2 * halfLength;
    Canvas.fill(
        graphics,
        new Color(202, 152, 101),
        Canvas.box(-POLE_WIDTH / 2, POLE_WIDTH / 2 - length, POLE_WIDTH, length));
    Canvas.fill(graphics, new Color(129, 132, 203), Canvas.disc(0, 0, POLE_WIDTH / 2));
  }
}
