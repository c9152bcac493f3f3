package io.gymbridge.envs;

import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.Shape;
import java.awt.geom.Arc2D;
import java.awt.geom.Ellipse2D;
import java.awt.geom.Path2D;
import java.awt.geom.Rectangle2D;
import java.awt.geom.RoundRectangle2D;
import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/** What pictures are drawn on, and with. Needs no screen and no fonts. */
final class Canvas {
  private Canvas() {}

  /** A {@code uint8} picture, (height, width, 3), with smooth edges. */
  static NdArray draw(int width, int height, Color background, Consumer<Graphics2D> drawing) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = image.createGraphics();
    graphics.setRenderingHint(RenderingHints.KEY_ANTIALIASING, RenderingHints.VALUE_ANTIALIAS_ON);
    graphics.setRenderingHint(RenderingHints.KEY_STROKE_CONTROL, RenderingHints.VALUE_STROKE_PURE);
    graphics.setColor(background);
    graphics.fillRect(0, 0, width, height);
    drawing.accept(graphics);
    graphics.dispose();
    ByteBuffer pixels = ByteBuffer.allocate(width * height * 3);
    for (int rgb : image.getRGB(0, 0, width, height, null, 0, width)) {
      pixels.put((byte) (rgb >> 16)).put((byte) (rgb >> 8)).put((byte) rgb);
    }
    return NdArray.wrap(DType.UINT8, pixels.flip(), height, width, 3);
  }

  static void fill(Graphics2D graphics, Color color, Shape shape) {
    graphics.setColor(color);
    graphics.fill(shape);
  }

  static Shape disc(double x, double y, double radius) {
    return new Ellipse2D.Double(x - radius, y - radius, 2 * radius, 2 * radius);
  }

  static Shape box(double x, double y, double width, double height) {
    return new Rectangle2D.Double(x, y, width, height);
  }

  /** A closed polygon through x0, y0, x1, y1, … */
  static Shape polygon(double... points) {
    Path2D path = new Path2D.Double();
    path.moveTo(points[0], points[1]);
    for (int i = 2; i < points.length; i += 2) {
      path.lineTo(points[i], points[i + 1]);
    }
    path.closePath();
    return path;
  }

  /** A flag on a pole, whose foot is at (x, y). */
  static void flag(Graphics2D graphics, double x, double y, double height, Color color) {
    fill(graphics, Color.DARK_GRAY, box(x - height / 40, y - height, height / 20, height));
    double top = y - height;
    fill(
        graphics,
        color,
        polygon(x, top, x + height * 0.55, top + height * 0.2, x, top + height * 0.4));
  }

  /** A person seen from the front, standing on (x, y). */
  static void person(Graphics2D graphics, double x, double y, double height, Color color) {
    double width = height * 0.42;
    fill(
        graphics,
        color,
        new RoundRectangle2D.Double(
            x - width / 2, y - height * 0.62, width, height * 0.62, width, width));
    fill(graphics, new Color(240, 200, 165), disc(x, y - height * 0.76, height * 0.2));
    fill(
        graphics,
        color.darker(),
        new Arc2D.Double(
            x - height * 0.22,
            y - height * 0.99,
            height * 0.44,
            height * 0.44,
            0,
            180,
            Arc2D.CHORD));
  }
}
