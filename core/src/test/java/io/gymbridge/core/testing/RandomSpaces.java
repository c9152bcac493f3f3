package io.gymbridge.core.testing;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Graph;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.OneOf;
import io.gymbridge.core.Sequence;
import io.gymbridge.core.SequenceValue;
import io.gymbridge.core.Space;
import io.gymbridge.core.Text;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.Value;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;

/** Spaces of all ten kinds, nested at random, for tests that hold for each of them. */
public final class RandomSpaces {
  private RandomSpaces() {}

  /** A space of at most {@code depth} levels above its leaves. */
  public static Space draw(RandomGenerator random, int depth) {
    return switch (random.nextInt(depth == 0 ? 6 : 12)) {
      case 0 -> box(random);
      case 1, 2 -> plain(random);
      case 3 -> MultiDiscrete.of(1 + random.nextInt(4), 2);
      case 4 -> MultiBinary.of(1 + random.nextInt(3));
      case 5 -> new Text(random.nextInt(2), 1 + random.nextInt(5), "zaé≥😀");
      case 6 -> new Tuple(parts(random, depth - 1, 0));
      case 7 -> dict(random, depth - 1);
      case 8, 9 -> new Sequence(draw(random, depth - 1), random.nextBoolean());
      case 10 ->
          // A sampled graph has up to 89 edges: no graphs on them.
          new Graph(
              draw(random, Math.min(depth - 1, 1)), random.nextInt(3) == 0 ? null : edge(random));
      default -> new OneOf(parts(random, depth - 1, 1));
    };
  }

  private static Space plain(RandomGenerator random) {
    return random.nextBoolean()
        ? box(random)
        : new Discrete(1 + random.nextInt(5), random.nextInt(-3, 4), DType.INT16);
  }

  private static Space edge(RandomGenerator random) {
    return random.nextBoolean() ? plain(random) : new Tuple(List.of(plain(random), new Text(2)));
  }

  private static Box box(RandomGenerator random) {
    DType[] dtypes = DType.values();
    DType dtype = dtypes[random.nextInt(dtypes.length)];
    boolean negative = dtype.isFloating() || dtype.isSigned();
    boolean below = negative && random.nextBoolean();
    boolean above = negative && random.nextBoolean();
    int[][] shapes = {{}, {2}, {2, 3}, {0}};
    return Box.of(
        dtype,
        below ? Double.NEGATIVE_INFINITY : 0,
        above ? Double.POSITIVE_INFINITY : 1,
        shapes[random.nextInt(shapes.length)]);
  }

  private static List<Space> parts(RandomGenerator random, int depth, int least) {
    List<Space> parts = new ArrayList<>();
    int count = least + random.nextInt(3);
    for (int i = 0; i < count; i++) {
      parts.add(draw(random, depth));
    }
    return parts;
  }

  private static Dict dict(RandomGenerator random, int depth) {
    Map<String, Space> parts = new LinkedHashMap<>();
    for (Space part : parts(random, depth, 0)) {
      parts.put("part " + (9 - parts.size()), part);
    }
    return new Dict(parts);
  }

  /** A batch of n members, in which some sequences are empty. */
  public static Value sample(Space space, int n, RandomGenerator random) {
    List<Value> members = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      boolean empty = space instanceof Sequence && random.nextInt(3) == 0;
      members.add(empty ? none((Sequence) space) : space.sample(random));
    }
    return space.stack(members);
  }

  private static Value none(Sequence sequence) {
    return new SequenceValue(sequence.element().emptyBatch());
  }
}
