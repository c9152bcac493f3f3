package io.gymbridge.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.GymException.Kind;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class AttributesTest {
  private double gravity = 9.8;
  private int cell = 3;
  private double[] state = {1, 2};
  private String side = "left";

  private final Attributes attributes =
      new Attributes()
          .real("gravity", () -> gravity, value -> gravity = value)
          .integer("cell", 0, 9, () -> cell, value -> cell = value)
          .reals("state", () -> state, value -> state = value)
          .text("side", Set.of("left", "right"), () -> side, value -> side = value)
          .readOnly("mass", () -> 2.0)
          .method("sum", (args, kwargs) -> args.size() + kwargs.size());

  private void refused(String message, String name, @Nullable Object value) {
    GymException refusal =
        assertThrows(GymException.class, () -> attributes.set(name, value), name + " " + value);
    assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
    assertTrue(refusal.getMessage().contains(message), refusal.getMessage());
  }

  @Test
  void values_are_read_and_set() {
    for (Object value : List.of(1.5, 3L, NdArray.of(new double[] {1.5}))) {
      attributes.set("gravity", value);
      assertEquals(value.equals(3L) ? 3.0 : 1.5, attributes.get("gravity"));
    }
    attributes.set("cell", NdArray.of(new long[] {9}));
    assertEquals(9L, attributes.get("cell"));
    attributes.set("state", List.of(3L, 0.5));
    assertEquals(NdArray.of(new double[] {3, 0.5}, 2), attributes.get("state"));
    attributes.set("side", "right");
    assertEquals("right", attributes.get("side"));
    assertEquals(2.0, attributes.get("mass"));
    assertEquals(3, attributes.call("sum", List.of(1, 2), Map.of("x", 3)));
    assertEquals(
        List.of("gravity", "cell", "state", "side", "mass", "sum"),
        List.copyOf(attributes.names()));
  }

  @Test
  void values_that_do_not_fit_are_refused_with_what_would() {
    refused("a finite number", "gravity", Double.NaN);
    refused("a finite number", "gravity", "3");
    refused("a finite number", "gravity", null);
    refused("a finite number", "gravity", NdArray.of(new double[] {1}, 1));
    refused("an integer from 0 to 9", "cell", 10L);
    refused("an integer from 0 to 9", "cell", 1.0);
    refused("2 finite numbers", "state", List.of(1.0));
    refused("2 finite numbers", "state", Arrays.asList(1.0, null));
    refused("2 finite numbers", "state", NdArray.of(new double[] {1, Double.NaN}, 2));
    refused("one of [left, right]", "side", "up");
    refused("can be read, not set", "mass", 1.0);
    refused("can be called, not set", "sum", 1.0);
    refused("no attribute \"weight\"; it has [gravity, cell,", "weight", 1.0);
    assertEquals(9.8, gravity);
    assertEquals(3, cell);
  }

  @Test
  void what_is_no_method_takes_no_arguments() {
    for (GymException refusal :
        List.of(
            assertThrows(GymException.class, () -> attributes.call("mass", List.of(1), Map.of())),
            assertThrows(
                GymException.class,
                () -> attributes.call("mass", List.of(), Collections.singletonMap("x", null))))) {
      assertEquals(Kind.INVALID_ARGUMENT, refusal.kind());
      assertTrue(refusal.getMessage().contains("takes no arguments"), refusal.getMessage());
    }
  }

  @Test
  void two_of_one_name_are_a_mistake() {
    assertThrows(IllegalArgumentException.class, () -> attributes.readOnly("gravity", () -> 1.0));
  }
}
