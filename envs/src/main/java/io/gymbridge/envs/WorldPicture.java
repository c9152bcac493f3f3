package io.gymbridge.envs;

import io.gymbridge.core.NdArray;
import java.awt.Color;
import java.awt.Graphics2D;

/** Draws the worlds of inverse reinforcement learning from above. */
final class WorldPicture {
  private static final int SIDE = 512;
  private static final Color LINE = new Color(214, 214, 214);
  private static final Color AGENT = new Color(52, 84, 180);
  private static final Color GOOD = new Color(206, 232, 204);
  private static final Color BAD = new Color(244, 214, 212);

  private WorldPicture() {}

  /** A grid with its goal in the upper right; {@code uint8}, about (512, 512, 3). */
  static NdArray grid(int size, int state) {
    int cell = SIDE / size;
    return Canvas.draw(
        cell * size,
        cell * size,
        Color.WHITE,
        graphics -> {
          Canvas.fill(graphics, GOOD, Canvas.box((size - 1) * cell, 0, cell, cell));
          drawLines(graphics, size, cell);
          Canvas.flag(
              graphics, (size - 0.65) * cell, cell * 0.85, cell * 0.7, new Color(60, 150, 80));
          drawAgent(graphics, size, cell, state);
        });
  }

  /** Objects as discs, a ring of the outer colour round the inner one; cells tinted by reward. */
  static NdArray objects(ObjectWorld.Scene scene, int state) {
    int size = scene.size();
    int cell = SIDE / size;
    double[] rewards = scene.rewards();
    return Canvas.draw(
        cell * size,
        cell * size,
        Color.WHITE,
        graphics -> {
          for (int i = 0; i < rewards.length; i++) {
            if (rewards[i] != 0) {
              Canvas.fill(
                  graphics,
                  rewards[i] > 0 ? GOOD : BAD,
                  Canvas.box(i % size * cell, i / size * cell, cell, cell));
            }
          }
          drawLines(graphics, size, cell);
          for (ObjectWorld.Thing thing : scene.things()) {
            double x = middle(thing.cell() % size, cell);
            double y = middle(thing.cell() / size, cell);
            Canvas.fill(
                graphics, color(thing.outer(), scene.colors()), Canvas.disc(x, y, cell * 0.42));
            Canvas.fill(
                graphics, color(thing.inner(), scene.colors()), Canvas.disc(x, y, cell * 0.2));
          }
          drawAgent(graphics, size, cell, state);
        });
  }

  private static Color color(int index, int colors) {
    return Color.getHSBColor(0.08f + (float) index / colors, 0.75f, 0.85f);
  }

  private static void drawLines(Graphics2D graphics, int size, int cell) {
    graphics.setColor(LINE);
    for (int i = 1; i < size; i++) {
      graphics.drawLine(i * cell, 0, i * cell, size * cell);
      graphics.drawLine(0, i * cell, size * cell, i * cell);
    }
  }

  private static double middle(int index, int cell) {
    return (index + 0.5) * cell;
  }

  private static void drawAgent(Graphics2D graphics, int size, int cell, int state) {
    double x = middle(state % size, cell);
    double y = middle(state / size, cell);
    // A square, to be told from objects, and big enough to be found.
    double half = Math.max(cell * 0.3, 8);
    Canvas.fill(
        graphics, Color.WHITE, Canvas.box(x - half - 2, y - half - 2, 2 * half + 4, 2 * half + 4));
    Canvas.fill(graphics, AGENT, Canvas.box(x - half, y - half, 2 * half, 2 * half));
  }

  /** The room of a point maze; {@code uint8}, (512, 512, 3). */
  static NdArray maze(double x, double y, boolean gapLeft) {
    return Canvas.draw(
        SIDE,
        SIDE,
        new Color(70, 70, 78),
        graphics -> {
          // A border of 16 pixels; y upwards.
          double scale = SIDE - 32;
          graphics.translate(16, SIDE - 16);
          graphics.scale(scale, -scale);
          Canvas.fill(graphics, new Color(244, 242, 236), Canvas.box(0, 0, 1, 1));
          double left = gapLeft ? PointMaze.GAP : 0;
          Canvas.fill(
              graphics,
              new Color(70, 70, 78),
              Canvas.box(
                  left,
                  PointMaze.WALL_BOTTOM,
                  1 - PointMaze.GAP,
                  PointMaze.WALL_TOP - PointMaze.WALL_BOTTOM));
          Canvas.fill(graphics, GOOD, Canvas.disc(PointMaze.GOAL_X, PointMaze.GOAL_Y, 0.06));
          Canvas.fill(
              graphics,
              new Color(60, 150, 80),
              Canvas.disc(PointMaze.GOAL_X, PointMaze.GOAL_Y, 0.025));
          Canvas.fill(graphics, AGENT, Canvas.disc(x, y, 0.02));
        });
  }
}
