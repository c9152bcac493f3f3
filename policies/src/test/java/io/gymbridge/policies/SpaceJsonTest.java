package io.gymbridge.policies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.GymException;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.testing.RandomSpaces;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SpaceJsonTest {
  private static Space again(Space space) throws JsonProcessingException {
    ObjectMapper mapper = new ObjectMapper();
    return SpaceJson.read(mapper.readTree(mapper.writeValueAsString(SpaceJson.write(space))));
  }

  @Test
  void all_kinds_of_spaces_survive_however_nested() throws JsonProcessingException {
    Random random = new Random(1);
    Set<Class<?>> kinds = new HashSet<>();
    for (int i = 0; i < 200; i++) {
      Space space = RandomSpaces.draw(random, 3);
      assertEquals(space, again(space));
      kinds.add(space.getClass());
    }
    assertEquals(Set.of(Space.class.getPermittedSubclasses()), kinds);
  }

  @Test
  void sixty_four_bits_and_missing_bounds_survive() throws JsonProcessingException {
    for (Space space :
        new Space[] {
          Box.of(DType.INT64, Double.NEGATIVE_INFINITY, 3, 2),
          Box.of(DType.FLOAT16, Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY, 2),
          new Box(
              NdArray.ofLongs(DType.UINT64, new long[] {Long.MAX_VALUE}, 1),
              NdArray.ofLongs(DType.UINT64, new long[] {-1}, 1)),
          new Box(
              NdArray.of(new long[] {Long.MIN_VALUE}, 1),
              NdArray.of(new long[] {Long.MAX_VALUE}, 1))
        }) {
      assertEquals(space, again(space));
    }
  }

  @Test
  void unknown_type_is_named() throws JsonProcessingException {
    var json = new ObjectMapper().readTree("{\"type\": \"Ball\"}");
    GymException refusal = assertThrows(GymException.class, () -> SpaceJson.read(json));
    assertEquals("manifest.json has a space of unknown type \"Ball\"", refusal.getMessage());
  }
}
