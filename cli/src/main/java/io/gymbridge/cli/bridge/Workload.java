package io.gymbridge.cli.bridge;

/**
 * An environment that is stepped.
 *
 * @param id Gymnasium's id, or {@code module:function}
 * @param name what the table calls it
 * @param imageBytes size of an observation where it is a picture; 0 where it is not
 */
public record Workload(String id, String name, int imageBytes) {
  static final Workload CART_POLE = of("CartPole-v1");
  static final Workload HALF_CHEETAH = of("HalfCheetah-v5");
  static final Workload ANT = of("Ant-v5");
  static final Workload STACK84 = new Workload("image_envs:stack84", "images 84x84x4", 84 * 84 * 4);
  static final Workload SCREEN =
      new Workload("image_envs:screen", "images 210x160x3", 210 * 160 * 3);

  /** One that is known by its id alone. */
  public static Workload of(String id) {
    return new Workload(id, id, 0);
  }
}
