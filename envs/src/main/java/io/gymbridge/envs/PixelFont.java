package io.gymbridge.envs;

import java.awt.Graphics2D;
import java.util.Map;

/**
 * The letters that pictures need, 5 by 7 squares each: a Java runtime without a screen may have no
 * fonts.
 */
final class PixelFont {
  private static final int COLUMNS = 5;
  private static final int ROWS = 7;

  // Rows from the top, 5 bits each.
  private static final Map<Character, int[]> GLYPHS =
      Map.ofEntries(
          Map.entry('0', new int[] {14, 17, 19, 21, 25, 17, 14}),
          Map.entry('1', new int[] {4, 12, 4, 4, 4, 4, 14}),
          Map.entry('2', new int[] {14, 17, 1, 2, 4, 8, 31}),
          Map.entry('3', new int[] {31, 2, 4, 2, 1, 17, 14}),
          Map.entry('4', new int[] {2, 6, 10, 18, 31, 2, 2}),
          Map.entry('5', new int[] {31, 16, 30, 1, 1, 17, 14}),
          Map.entry('6', new int[] {6, 8, 16, 30, 17, 17, 14}),
          Map.entry('7', new int[] {31, 1, 2, 4, 8, 8, 8}),
          Map.entry('8', new int[] {14, 17, 17, 14, 17, 17, 14}),
          Map.entry('9', new int[] {14, 17, 17, 15, 1, 2, 12}),
          Map.entry('A', new int[] {14, 17, 17, 31, 17, 17, 17}),
          Map.entry('B', new int[] {30, 17, 17, 30, 17, 17, 30}),
          Map.entry('C', new int[] {14, 17, 16, 16, 16, 17, 14}),
          Map.entry('D', new int[] {30, 17, 17, 17, 17, 17, 30}),
          Map.entry('E', new int[] {31, 16, 16, 30, 16, 16, 31}),
          Map.entry('J', new int[] {7, 2, 2, 2, 2, 18, 12}),
          Map.entry('K', new int[] {17, 18, 20, 24, 20, 18, 17}),
          Map.entry('L', new int[] {16, 16, 16, 16, 16, 16, 31}),
          Map.entry('P', new int[] {30, 17, 17, 30, 16, 16, 16}),
          Map.entry('Q', new int[] {14, 17, 17, 17, 21, 18, 13}),
          Map.entry('R', new int[] {30, 17, 17, 30, 20, 18, 17}),
          Map.entry('S', new int[] {15, 16, 16, 14, 1, 1, 30}),
          Map.entry('U', new int[] {17, 17, 17, 17, 17, 17, 14}),
          Map.entry('Y', new int[] {17, 17, 10, 4, 4, 4, 4}),
          Map.entry(' ', new int[ROWS]));

  private PixelFont() {}

  /** Width of a text in pixels. */
  static int width(String text, int square) {
    return (text.length() * (COLUMNS + 1) - 1) * square;
  }

  /** Writes in the present colour, from the upper left corner. */
  static void write(Graphics2D graphics, String text, int x, int y, int square) {
    for (int i = 0; i < text.length(); i++) {
      int[] glyph = GLYPHS.getOrDefault(text.charAt(i), new int[ROWS]);
      for (int row = 0; row < ROWS; row++) {
        for (int column = 0; column < COLUMNS; column++) {
          if ((glyph[row] >> (COLUMNS - 1 - column) & 1) == 1) {
            int left = x + (i * (COLUMNS + 1) + column) * square;
            graphics.fillRect(left, y + row * square, square, square);
          }
        }
      }
    }
  }
}
