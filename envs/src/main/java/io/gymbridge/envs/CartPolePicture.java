package io.gymbridge.envs;

import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Rectangle2D;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;

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
    BufferedImage image = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setColor(Color.WHITE);
    graphics.fillRect(0, 0, WIDTH, HEIGHT);
    double scale = WIDTH / (2 * CartPole.MAX_POSITION);
    double middle = x * scale + WIDTH / 2.0;
    double axle = TRACK - CART_HEIGHT / 4;
    graphics.setColor(Color.BLACK);
    graphics.fill(
        new Rectangle2D.Double(
            middle - CART_WIDTH / 2, TRACK - CART_HEIGHT / 2, CART_WIDTH, CART_HEIGHT));
    graphics.drawLine(0, (int) TRACK, WIDTH, (int) TRACK);
    graphics.translate(middle, axle);
    graphics.rotate(angle);
    graphics.setColor(new Color(202, 152, 101));
    double length = scale * 2 * halfLength;
    graphics.fill(
        new Rectangle2D.Double(-POLE_WIDTH / 2, POLE_WIDTH / 2 - length, POLE_WIDTH, length));
    graphics.setColor(new Color(129, 132, 203));
    graphics.fill(new Ellipse2D.Double(-POLE_WIDTH / 2, -POLE_WIDTH / 2, POLE_WIDTH, POLE_WIDTH));
    graphics.dispose();
    ByteBuffer pixels = ByteBuffer.allocate(WIDTH * HEIGHT * 3);
    for (int rgb : image.getRGB(0, 0, WIDTH, HEIGHT, null, 0, WIDTH)) {
      pixels.put((byte) (rgb >> 16)).put((byte) (rgb >> 8)).put((byte) rgb);
    }
    return NdArray.wrap(DType.UINT8, pixels.flip(), HEIGHT, WIDTH, 3);
  }
}
