package io.gymbridge.envs;

import io.gymbridge.core.NdArray;
import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.geom.RoundRectangle2D;

/** Draws the town from above: four coloured places, walls, the taxi, its passenger and the goal. */
final class TaxiPicture {
  private static final int WIDTH = 536;
  private static final int HEIGHT = 456;
  private static final double CELL_WIDTH = 96;
  private static final double CELL_HEIGHT = 80;
  private static final double LEFT = 28;
  private static final double TOP = 28;
  private static final Color[] PLACES = {
    new Color(226, 86, 78), new Color(92, 178, 98), new Color(238, 204, 84), new Color(84, 128, 214)
  };

  private TaxiPicture() {}

  /**
   * A {@code uint8} picture, (456, 536, 3).
   *
   * @param heading of the taxi: south, north, east, west
   */
  static NdArray draw(int state, int heading) {
    return Canvas.draw(
        WIDTH,
        HEIGHT,
        new Color(92, 122, 84),
        graphics -> {
          graphics.translate(LEFT, TOP);
          for (int cell = 0; cell < Taxi.SIZE * Taxi.SIZE; cell++) {
            Canvas.fill(
                graphics,
                new Color(206, 206, 202),
                Canvas.box(x(cell), y(cell), CELL_WIDTH, CELL_HEIGHT));
            graphics.setColor(new Color(188, 188, 184));
            graphics.draw(Canvas.box(x(cell), y(cell), CELL_WIDTH, CELL_HEIGHT));
          }
          for (int place = 0; place < 4; place++) {
            drawPlace(graphics, place);
          }
          drawWalls(graphics);
          drawGoal(graphics, Taxi.cellOf(Taxi.destination(state)));
          int passenger = Taxi.passenger(state);
          drawTaxi(graphics, Taxi.cell(state), heading, passenger == Taxi.IN_TAXI);
          if (passenger != Taxi.IN_TAXI) {
            int cell = Taxi.cellOf(passenger);
            Canvas.person(graphics, x(cell) + 18, y(cell) + 74, 40, new Color(120, 70, 160));
          }
        });
  }

  private static double x(int cell) {
    return cell % Taxi.SIZE * CELL_WIDTH;
  }

  private static double y(int cell) {
    int row = cell / Taxi.SIZE;
    return row * CELL_HEIGHT;
  }

  private static void drawPlace(Graphics2D graphics, int place) {
    int cell = Taxi.cellOf(place);
    Canvas.fill(
        graphics,
        PLACES[place],
        new RoundRectangle2D.Double(
            x(cell) + 5, y(cell) + 5, CELL_WIDTH - 10, CELL_HEIGHT - 10, 16, 16));
  }

  private static void drawWalls(Graphics2D graphics) {
    Color brick = new Color(70, 56, 52);
    for (int row = 0; row < Taxi.SIZE; row++) {
      for (int column = 0; column <= Taxi.SIZE; column++) {
        if (Taxi.wall(row, column)) {
          Canvas.fill(
              graphics,
              brick,
              Canvas.box(column * CELL_WIDTH - 4, row * CELL_HEIGHT, 8, CELL_HEIGHT));
        }
      }
    }
    Canvas.fill(graphics, brick, Canvas.box(-4, -4, Taxi.SIZE * CELL_WIDTH + 8, 8));
    Canvas.fill(
        graphics,
        brick,
        Canvas.box(-4, Taxi.SIZE * CELL_HEIGHT - 4, Taxi.SIZE * CELL_WIDTH + 8, 8));
  }

  private static void drawGoal(Graphics2D graphics, int cell) {
    graphics.setColor(Color.WHITE);
    graphics.setStroke(new BasicStroke(4));
    graphics.draw(
        new RoundRectangle2D.Double(
            x(cell) + 9, y(cell) + 9, CELL_WIDTH - 18, CELL_HEIGHT - 18, 12, 12));
    Canvas.flag(graphics, x(cell) + 72, y(cell) + 46, 34, Color.WHITE);
  }

  private static void drawTaxi(Graphics2D graphics, int cell, int heading, boolean full) {
    Graphics2D taxi = (Graphics2D) graphics.create();
    taxi.translate(x(cell) + CELL_WIDTH / 2, y(cell) + CELL_HEIGHT / 2);
    double[] turns = {Math.PI / 2, -Math.PI / 2, 0, Math.PI};
    taxi.rotate(turns[heading]);
    // Seen from above, heading right.
    for (int end = -1; end <= 1; end += 2) {
      for (int side = -1; side <= 1; side += 2) {
        Canvas.fill(taxi, Color.DARK_GRAY, Canvas.box(end * 16 - 5, side * 15 - 3, 10, 6));
      }
    }
    Canvas.fill(
        taxi, new Color(250, 190, 30), new RoundRectangle2D.Double(-28, -15, 56, 30, 14, 14));
    Canvas.fill(taxi, new Color(60, 80, 96), Canvas.polygon(8, -12, 16, -9, 16, 9, 8, 12));
    Canvas.fill(taxi, new Color(60, 80, 96), Canvas.box(-20, -11, 6, 22));
    Canvas.fill(taxi, new Color(255, 250, 220), Canvas.box(25, -12, 4, 6));
    Canvas.fill(taxi, new Color(255, 250, 220), Canvas.box(25, 6, 4, 6));
    if (full) {
      Canvas.fill(taxi, new Color(120, 70, 160), Canvas.disc(-3, 0, 8));
      Canvas.fill(taxi, new Color(240, 200, 165), Canvas.disc(-3, 0, 4.5));
    } else {
      Canvas.fill(taxi, Color.BLACK, Canvas.box(-7, -6, 6, 6));
      Canvas.fill(taxi, Color.BLACK, Canvas.box(-1, 0, 6, 6));
      Canvas.fill(taxi, Color.WHITE, Canvas.box(-1, -6, 6, 6));
      Canvas.fill(taxi, Color.WHITE, Canvas.box(-7, 0, 6, 6));
    }
    taxi.dispose();
  }
}
