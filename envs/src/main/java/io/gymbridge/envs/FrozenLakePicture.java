package io.gymbridge.envs;

import io.gymbridge.core.NdArray;
import java.awt.Color;
import java.awt.Graphics2D;
import java.util.List;

/** Draws a frozen lake from above; a hole that was fallen into has cracks. */
final class FrozenLakePicture {
  private static final Color ICE = new Color(213, 236, 247);
  private static final Color EDGE = new Color(178, 214, 232);
  private static final Color WATER = new Color(38, 92, 140);

  private FrozenLakePicture() {}

  /** A {@code uint8} picture with 64 pixels a cell, or fewer: at most (512, 512, 3). */
  static NdArray draw(List<String> map, int state, int lastAction) {
    int rows = map.size();
    int columns = map.get(0).length();
    int cell = Math.max(1, Math.min(64, 512 / Math.max(rows, columns)));
    return Canvas.draw(
        cell * columns,
        cell * rows,
        EDGE,
        graphics -> {
          for (int i = 0; i < rows * columns; i++) {
            Graphics2D tile = (Graphics2D) graphics.create();
            tile.translate(i % columns * cell, i / columns * cell);
            // Tiles are drawn for 64 pixels.
            tile.scale(cell / 64.0, cell / 64.0);
            char letter = map.get(i / columns).charAt(i % columns);
            drawTile(tile, letter, i == state);
            if (i == state) {
              drawWalker(tile, letter == 'H', lastAction);
            }
            tile.dispose();
          }
        });
  }

  private static void drawTile(Graphics2D tile, char letter, boolean occupied) {
    Canvas.fill(tile, ICE, Canvas.box(1, 1, 62, 62));
    tile.setColor(Color.WHITE);
    tile.drawLine(10, 18, 20, 8);
    tile.drawLine(14, 24, 30, 8);
    tile.drawLine(44, 56, 56, 44);
    if (letter == 'H') {
      Canvas.fill(tile, EDGE, Canvas.disc(32, 33, 25));
      Canvas.fill(tile, WATER, Canvas.disc(32, 34, 22));
    } else if (letter == 'G') {
      Canvas.fill(tile, new Color(120, 180, 90), Canvas.disc(32, 50, 9));
      Canvas.flag(tile, occupied ? 50 : 28, 52, 44, new Color(214, 60, 60));
    } else if (letter == 'S') {
      Canvas.fill(tile, new Color(150, 110, 75), Canvas.box(14, 46, 36, 6));
      Canvas.fill(tile, new Color(120, 85, 55), Canvas.box(18, 52, 5, 7));
      Canvas.fill(tile, new Color(120, 85, 55), Canvas.box(41, 52, 5, 7));
    }
  }

  private static void drawWalker(Graphics2D tile, boolean fallen, int lastAction) {
    Color green = new Color(52, 140, 76);
    if (fallen) {
      tile.setColor(Color.WHITE);
      for (int angle = 0; angle < 360; angle += 45) {
        double cos = Math.cos(Math.toRadians(angle));
        double sin = Math.sin(Math.toRadians(angle));
        tile.drawLine(
            (int) (32 + 23 * cos),
            (int) (34 + 23 * sin),
            (int) (32 + 30 * cos),
            (int) (34 + 30 * sin));
      }
      tile.clip(Canvas.box(0, 0, 64, 38));
      Canvas.person(tile, 32, 52, 42, green);
      return;
    }
    Canvas.person(tile, 32, 56, 46, green);
    // The nose points where the last action was meant to go; up shows the back of the head.
    if (lastAction != 3) {
      double nose = lastAction == 0 ? -6 : lastAction == 2 ? 6 : 0;
      Canvas.fill(tile, new Color(205, 120, 90), Canvas.disc(32 + nose, 23, 2.5));
    }
  }
}
