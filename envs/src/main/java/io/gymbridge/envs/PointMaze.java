package io.gymbridge.envs;

import io.gymbridge.core.Attributes;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.EnvState;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import java.util.Map;
import java.util.Set;

/**
 * {@code gymbridge/PointMaze-v0}: a point mass in a square room must get past a wall, through a gap
 * at its left or right end, to a goal behind it. A reward learned with the gap on one side can be
 * tried with the gap on the other.
 *
 * <p>The shifting maze of Fu, Luo and Levine (2018), "Learning Robust Rewards with Adversarial
 * Inverse Reinforcement Learning", with plain equations of motion instead of MuJoCo's; lengths,
 * masses and damping are ours.
 *
 * <p>The room is [0, 1]²; the mass begins at rest at (0.5, 0.2), ± 0.01 in each direction, and the
 * goal is at (0.5, 0.8). The wall lies at y = 0.5 and is 0.04 thick; the gap is the last quarter of
 * the room's width. The action is a force, each component in [−1, 1]; a step of 0.05 s changes the
 * velocity v by (2 · force − 4 v) · 0.05, then the position by v · 0.05. Walls stop what runs into
 * them. A step is worth −distance to the goal − 0.001 · |force|². Nothing terminates; the limit is
 * 100 steps. Observed are position and, unless told otherwise, velocity.
 *
 * <p>Keyword argument and attribute: {@code gap}, {@code left} or {@code right}, by default left.
 * Keyword argument: {@code start}, {@code below} the wall as above, which is the default, or {@code
 * anywhere}: at rest, evenly over the room but for the wall's height, so that demonstrations show
 * all of it. Keyword argument: {@code velocity}, whether it is observed, by default true. The
 * paper's maze shows the position only: a reward that sees a velocity v can be ∇V·v, how fast the
 * value V of the maze that it was learned in rises. Attribute: {@code state}, position and
 * velocity.
 */
final class PointMaze extends LocalEnv {
  static final double GOAL_X = 0.5;
  static final double GOAL_Y = 0.8;
  static final double WALL_BOTTOM = 0.48;
  static final double WALL_TOP = 0.52;
  static final double GAP = 0.25;
  private static final double STEP_SECONDS = 0.05;
  private static final double FORCE = 2;
  private static final double DAMPING = 4;
  private static final double MAX_SPEED = FORCE / DAMPING;
  private static final double CONTROL_COST = 0.001;
  private static final String LEFT = "left";
  private static final String RIGHT = "right";
  private static final Set<String> SIDES = Set.of(LEFT, RIGHT);
  private static final String BELOW = "below";
  private static final String ANYWHERE = "anywhere";
  private static final Set<String> STARTS = Set.of(BELOW, ANYWHERE);

  private final boolean startsAnywhere;
  private final boolean showsVelocity;
  private boolean gapLeft;
  private double x = 0.5;
  private double y = 0.2;
  private double speedX;
  private double speedY;

  PointMaze(Registration registration, Kwargs kwargs) {
    this(registration, kwargs, kwargs.flag("velocity", true));
  }

  private PointMaze(Registration registration, Kwargs kwargs, boolean showsVelocity) {
    super(
        registration.spec(
            observations(showsVelocity), Box.of(DType.FLOAT32, -1, 1, 2), 20, "rgb_array"));
    this.showsVelocity = showsVelocity;
    gapLeft = !RIGHT.equals(kwargs.choice("gap", LEFT, SIDES));
    startsAnywhere = ANYWHERE.equals(kwargs.choice("start", BELOW, STARTS));
  }

  private static Box observations(boolean withVelocity) {
    if (!withVelocity) {
      return Box.of(DType.FLOAT32, 0, 1, 2);
    }
    float max = (float) MAX_SPEED;
    return new Box(
        NdArray.of(new float[] {0, 0, -max, -max}, 4), NdArray.of(new float[] {1, 1, max, max}, 4));
  }

  @Override
  Reset begin(Map<String, ?> options) {
    if (startsAnywhere) {
      double height = random.uniform(0, 1 - (WALL_TOP - WALL_BOTTOM));
      restore(
          random.uniform(0, 1),
          height < WALL_BOTTOM ? height : height + WALL_TOP - WALL_BOTTOM,
          0,
          0);
    } else {
      restore(random.uniform(0.49, 0.51), random.uniform(0.19, 0.21), 0, 0);
    }
    return new Reset(observation(), Map.of());
  }

  /** Puts the mass somewhere. */
  void restore(double newX, double newY, double newSpeedX, double newSpeedY) {
    x = newX;
    y = newY;
    speedX = newSpeedX;
    speedY = newSpeedY;
  }

  @Override
  public Step step(Value action) {
    double forceX = action.array().getDouble(0);
    double forceY = action.array().getDouble(1);
    speedX = accelerated(speedX, forceX);
    speedY = accelerated(speedY, forceY);
    moveX(x + speedX * STEP_SECONDS);
    moveY(y + speedY * STEP_SECONDS);
    double reward =
        -Math.hypot(x - GOAL_X, y - GOAL_Y) - CONTROL_COST * (forceX * forceX + forceY * forceY);
    return new Step(observation(), reward, false, false, Map.of());
  }

  private static double accelerated(double speed, double force) {
    double accelerated = speed + (FORCE * force - DAMPING * speed) * STEP_SECONDS;
    return Math.max(-MAX_SPEED, Math.min(MAX_SPEED, accelerated));
  }

  /** Sideways: beside the wall, its end is in the way. */
  private void moveX(double wanted) {
    boolean beside = y > WALL_BOTTOM && y < WALL_TOP;
    double low = beside && !gapLeft ? 1 - GAP : 0;
    double high = beside && gapLeft ? GAP : 1;
    x = Math.max(low, Math.min(high, wanted));
    speedX = x == wanted ? speedX : 0;
  }

  /** Up or down: outside the gap the wall is in the way. */
  private void moveY(double wanted) {
    boolean inGap = gapLeft ? x <= GAP : x >= 1 - GAP;
    double low = !inGap && y >= WALL_TOP ? WALL_TOP : 0;
    double high = !inGap && y <= WALL_BOTTOM ? WALL_BOTTOM : 1;
    y = Math.max(low, Math.min(high, wanted));
    speedY = y == wanted ? speedY : 0;
  }

  private NdArray observation() {
    return showsVelocity
        ? NdArray.of(new float[] {(float) x, (float) y, (float) speedX, (float) speedY}, 4)
        : NdArray.of(new float[] {(float) x, (float) y}, 2);
  }

  @Override
  public NdArray render() {
    return WorldPicture.maze(x, y, gapLeft);
  }

  @Override
  public Attributes attributes() {
    return new Attributes()
        .text("gap", SIDES, () -> gapLeft ? LEFT : RIGHT, side -> gapLeft = side.equals(LEFT))
        .reals(
            "state",
            () -> new double[] {x, y, speedX, speedY},
            state -> restore(state[0], state[1], state[2], state[3]));
  }

  @Override
  void exchange(EnvState state) {
    gapLeft = state.flag(gapLeft);
    x = state.real(x);
    y = state.real(y);
    speedX = state.real(speedX);
    speedY = state.real(speedY);
  }
}
