package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.gymbridge.core.testing.RandomSpaces;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What holds for every space, however nested. */
class RandomSpacesTest {
  static IntStream seeds() {
    return IntStream.range(0, 200);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void batches_are_taken_apart_and_joined_again(int seed) {
    Random random = new Random(seed);
    Space space = RandomSpaces.draw(random, 3);
    int n = random.nextInt(5);
    Value batch = RandomSpaces.sample(space, n, random);
    assertEquals(n, batch.batchSize());
    List<Value> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      rows.add(batch.row(i));
      assertNull(space.whyNot(rows.get(i)));
    }
    assertEquals(batch, space.stack(rows));
    assertEquals(space.emptyBatch(), batch.take(new int[0]));
    assertEquals(space.emptyBatch(), batch.slice(n, 0));
    int cut = random.nextInt(n + 1);
    List<Value> pieces = List.of(batch.slice(0, cut), batch.slice(cut, n - cut));
    assertEquals(batch, Value.concatenate(pieces));
    int[] indices = random.ints(n == 0 ? 0 : 6, 0, Math.max(n, 1)).toArray();
    Value taken = batch.take(indices);
    for (int i = 0; i < indices.length; i++) {
      assertEquals(rows.get(indices[i]), taken.row(i));
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void members_are_flattened_and_restored(int seed) {
    Random random = new Random(seed);
    Space space = RandomSpaces.draw(random, 3);
    Value member = space.sample(random);
    if (hasFlatSpace(space)) {
      Value flat = space.flatten(member);
      assertNull(space.flatSpace().whyNot(flat));
      assertEquals(member, space.unflatten(flat));
    } else {
      assertThrows(IllegalArgumentException.class, space::flatSpace);
    }
  }

  /** A OneOf is flattened to a Box or, as in Gymnasium, not at all. */
  private static boolean hasFlatSpace(Space space) {
    if (space instanceof Tuple tuple) {
      return tuple.spaces().stream().allMatch(RandomSpacesTest::hasFlatSpace);
    }
    if (space instanceof Dict dict) {
      return dict.spaces().values().stream().allMatch(RandomSpacesTest::hasFlatSpace);
    }
    if (space instanceof Sequence sequence) {
      return hasFlatSpace(sequence.element());
    }
    return !(space instanceof OneOf) || space.isFlattenable();
  }
}
