package io.gymbridge.envs;

import io.gymbridge.core.NdArray;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.Shape;
import java.awt.geom.RoundRectangle2D;

/**
 * Draws the table: the dealer's open and hidden card, the player's sum, and whether an ace is
 * usable.
 */
final class BlackjackPicture {
  private static final int WIDTH = 384;
  private static final int HEIGHT = 376;
  private static final Color FELT = new Color(38, 110, 76);
  private static final Color LIGHT = new Color(240, 236, 220);
  private static final Color GOLD = new Color(236, 196, 90);
  private static final Color RED = new Color(196, 44, 52);

  private BlackjackPicture() {}

  /**
   * A {@code uint8} picture, (376, 384, 3).
   *
   * @param card the dealer's open card, 1 … 10
   * @param suit clubs, diamonds, hearts, spades
   * @param face what a ten is, jack, queen or king, as the dealer's picture has no plain tens
   */
  static NdArray draw(int sum, int card, boolean usableAce, int suit, int face) {
    return Canvas.draw(
        WIDTH,
        HEIGHT,
        FELT,
        graphics -> {
          graphics.setColor(LIGHT);
          PixelFont.write(graphics, "DEALER " + card, 40, 26, 3);
          String name = card == 1 ? "A" : card == 10 ? "JQK".substring(face, face + 1) : "" + card;
          drawCard(graphics, 92, 60, name, suit);
          drawBack(graphics, 204, 60);
          graphics.setColor(LIGHT);
          PixelFont.write(graphics, "PLAYER", 40, 212, 3);
          String total = String.valueOf(sum);
          graphics.setColor(GOLD);
          PixelFont.write(graphics, total, (WIDTH - PixelFont.width(total, 10)) / 2, 250, 10);
          if (usableAce) {
            graphics.setColor(LIGHT);
            int width = PixelFont.width("USABLE ACE", 3);
            PixelFont.write(graphics, "USABLE ACE", (WIDTH - width) / 2, 338, 3);
          }
        });
  }

  private static Shape card(int x, int y) {
    return new RoundRectangle2D.Double(x, y, 88, 128, 14, 14);
  }

  private static void drawCard(Graphics2D graphics, int x, int y, String name, int suit) {
    Canvas.fill(graphics, Color.WHITE, card(x, y));
    Color color = suit == 1 || suit == 2 ? RED : Color.BLACK;
    graphics.setColor(color);
    PixelFont.write(graphics, name, x + 10, y + 10, 4);
    Graphics2D center = (Graphics2D) graphics.create();
    center.translate(x + 50, y + 76);
    center.setColor(color);
    drawSuit(center, suit);
    center.dispose();
  }

  private static void drawBack(Graphics2D graphics, int x, int y) {
    Canvas.fill(graphics, Color.WHITE, card(x, y));
    Canvas.fill(graphics, RED, new RoundRectangle2D.Double(x + 6, y + 6, 76, 116, 8, 8));
    graphics.setColor(new Color(228, 140, 140));
    graphics.setStroke(new BasicStroke(2));
    Shape outside = graphics.getClip();
    graphics.clip(Canvas.box(x + 10, y + 10, 68, 108));
    for (int offset = -128; offset < 128; offset += 14) {
      graphics.drawLine(x + offset, y, x + offset + 128, y + 128);
      graphics.drawLine(x + 88 - offset, y, x - 40 - offset, y + 128);
    }
    graphics.setClip(outside);
  }

  /** About 44 pixels high, around the origin. */
  private static void drawSuit(Graphics2D graphics, int suit) {
    Shape foot = Canvas.polygon(0, 2, 9, 24, -9, 24);
    switch (suit) {
      case 0 -> {
        graphics.fill(Canvas.disc(0, -12, 11));
        graphics.fill(Canvas.disc(-12, 5, 11));
        graphics.fill(Canvas.disc(12, 5, 11));
        graphics.fill(foot);
      }
      case 1 -> graphics.fill(Canvas.polygon(0, -26, 18, 0, 0, 26, -18, 0));
      case 2 -> drawHeart(graphics, 1);
      default -> {
        graphics.translate(0, -2);
        drawHeart(graphics, -1);
        graphics.fill(foot);
      }
    }
  }

  private static void drawHeart(Graphics2D graphics, int upright) {
    graphics.fill(Canvas.disc(-10, -8 * upright, 11.5));
    graphics.fill(Canvas.disc(10, -8 * upright, 11.5));
    graphics.fill(
        Canvas.polygon(-20.4, -3 * upright, 0, -10 * upright, 20.4, -3 * upright, 0, 22 * upright));
  }
}
