package io.gymbridge.envs;

import io.gymbridge.core.NdArray;
import java.awt.Color;
import java.awt.Graphics2D;

/** Draws the meadow above a cliff. */
final class CliffWalkingPicture {
  private static final int CELL = 64;
  private static final Color GRASS = new Color(138, 186, 96);
  private static final Color LIGHT_GRASS = new Color(148, 196, 106);
  private static final Color BLADE = new Color(108, 156, 70);
  private static final Color ABYSS = new Color(46, 40, 48);

  private CliffWalkingPicture() {}

  /** A {@code uint8} picture, (256, 768, 3). */
  static NdArray draw(int state) {
    return Canvas.draw(
        CELL * CliffWalking.COLUMNS,
        CELL * CliffWalking.ROWS,
        GRASS,
        graphics -> {
          for (int i = 0; i < CliffWalking.ROWS * CliffWalking.COLUMNS; i++) {
            int column = i % CliffWalking.COLUMNS;
            int row = i / CliffWalking.COLUMNS;
            Graphics2D tile = (Graphics2D) graphics.create();
            tile.translate(column * CELL, row * CELL);
            drawTile(tile, i, (row + column) % 2 == 0);
            if (i == state) {
              Canvas.person(tile, 32, 58, 46, new Color(64, 92, 190));
            }
            tile.dispose();
          }
        });
  }

  private static void drawTile(Graphics2D tile, int cell, boolean light) {
    if (CliffWalking.isCliff(cell)) {
      Canvas.fill(tile, ABYSS, Canvas.box(0, 0, CELL, CELL));
      Canvas.fill(tile, new Color(150, 118, 84), Canvas.box(0, 0, CELL, 10));
      Canvas.fill(
          tile,
          new Color(116, 90, 66),
          Canvas.polygon(0, 10, 64, 10, 64, 24, 54, 18, 44, 34, 32, 20, 22, 30, 10, 16, 0, 26));
      return;
    }
    Canvas.fill(tile, light ? LIGHT_GRASS : GRASS, Canvas.box(0, 0, CELL, CELL));
    tile.setColor(BLADE);
    for (int x = 12; x < CELL; x += 26) {
      int y = 20 + (x * 7 + cell * 13) % 30;
      tile.drawLine(x, y, x - 2, y - 6);
      tile.drawLine(x + 2, y, x + 2, y - 7);
      tile.drawLine(x + 4, y, x + 6, y - 6);
    }
    if (cell == CliffWalking.START) {
      Canvas.fill(tile, new Color(190, 160, 120), Canvas.disc(32, 50, 14));
    } else if (cell == CliffWalking.GOAL) {
      Canvas.flag(tile, 46, 58, 46, new Color(214, 60, 60));
    }
  }
}
