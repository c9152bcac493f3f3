package io.gymbridge.envs;

/** Moves on a grid whose cells are counted row by row: left, down, right, up are 0 … 3. */
final class Compass {
  private static final int[] ROWS = {0, 1, 0, -1};
  private static final int[] COLUMNS = {-1, 0, 1, 0};

  private Compass() {}

  /** The neighbouring cell in a direction; the same one at the border. */
  static int moved(int cell, int direction, int rows, int columns) {
    int row = cell / columns + ROWS[direction];
    int column = cell % columns + COLUMNS[direction];
    boolean inside = row >= 0 && row < rows && column >= 0 && column < columns;
    return inside ? row * columns + column : cell;
  }
}
