package io.gymbridge.envs;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * The keyword arguments of an environment that is being made. What it asks for is what it knows:
 * all else is refused afterwards, by {@link #refuseUnknown}.
 *
 * <p>Every getter throws {@link GymException} INVALID_ARGUMENT for a value of another type or out
 * of range.
 */
final class Kwargs {
  private final String id;
  private final Map<String, Object> given;
  private final Set<String> known = new TreeSet<>();

  /** Those of the caller go before those of the registration. */
  Kwargs(String id, Map<String, ?> registered, Map<String, ?> given) {
    this.id = id;
    this.given = new HashMap<>(registered);
    this.given.putAll(given);
  }

  /** The names asked for, sorted. */
  List<String> known() {
    return List.copyOf(known);
  }

  private @Nullable Object get(String name) {
    known.add(name);
    return given.get(name);
  }

  private boolean absent(String name) {
    known.add(name);
    return !given.containsKey(name);
  }

  boolean flag(String name, boolean otherwise) {
    if (absent(name)) {
      return otherwise;
    }
    if (get(name) instanceof Boolean flag) {
      return flag;
    }
    throw wrong(name, "true or false");
  }

  /** A finite number. */
  double real(String name, double otherwise) {
    return real(name, otherwise, -Double.MAX_VALUE, Double.MAX_VALUE);
  }

  /** A number between 0 and 1, inclusive. */
  double probability(String name, double otherwise) {
    return real(name, otherwise, 0, 1);
  }

  private double real(String name, double otherwise, double low, double high) {
    if (absent(name)) {
      return otherwise;
    }
    if (get(name) instanceof Number number
        && number.doubleValue() >= low
        && number.doubleValue() <= high) {
      return number.doubleValue();
    }
    throw wrong(name, high == 1 ? "a number from 0 to 1" : "a finite number");
  }

  int integer(String name, int otherwise, int low, int high) {
    if (absent(name)) {
      return otherwise;
    }
    Object value = get(name);
    if ((value instanceof Long || value instanceof Integer)
        && ((Number) value).longValue() >= low
        && ((Number) value).longValue() <= high) {
      return ((Number) value).intValue();
    }
    throw wrong(name, "an integer from %d to %d".formatted(low, high));
  }

  /** One of {@code choices}; {@code otherwise} where it is not given; null where null is given. */
  @Nullable String choice(String name, String otherwise, Set<String> choices) {
    if (absent(name)) {
      return otherwise;
    }
    Object value = get(name);
    if (value == null || (value instanceof String text && choices.contains(text))) {
      return (String) value;
    }
    throw wrong(name, "one of " + new TreeSet<>(choices));
  }

  /** As many finite numbers as there are defaults, from a list or an array. */
  double[] reals(String name, double... otherwise) {
    if (absent(name)) {
      return otherwise;
    }
    Object value = get(name);
    double[] reals = new double[0];
    if (value instanceof NdArray array) {
      reals = array.toDoubles();
    } else if (value instanceof List<?> list && list.stream().allMatch(Number.class::isInstance)) {
      reals = list.stream().mapToDouble(number -> ((Number) number).doubleValue()).toArray();
    }
    if (reals.length == otherwise.length && Arrays.stream(reals).allMatch(Double::isFinite)) {
      return reals;
    }
    throw wrong(name, otherwise.length + " finite numbers");
  }

  /** Lines of text, at least one, all of one length; null where none are given. */
  @Nullable List<String> lines(String name) {
    Object value = get(name);
    if (value == null) {
      return null;
    }
    List<String> lines = new ArrayList<>();
    if (value instanceof List<?> list) {
      for (Object line : list) {
        if (line instanceof String text && text.length() == first(list)) {
          lines.add(text);
        }
      }
      if (!list.isEmpty() && lines.size() == list.size()) {
        return lines;
      }
    }
    throw wrong(name, "a list of texts of one length");
  }

  private static int first(List<?> list) {
    return list.get(0) instanceof String text && !text.isEmpty() ? text.length() : -1;
  }

  private GymException wrong(String name, String expected) {
    Object value = given.get(name);
    return new GymException(
        Kind.INVALID_ARGUMENT,
        "%s: keyword argument %s is %s, expected %s"
            .formatted(
                id,
                name,
                value instanceof String text ? '"' + text + '"' : String.valueOf(value),
                expected));
  }

  /** INVALID_ARGUMENT if anything was given that nobody asked for. */
  void refuseUnknown() {
    Set<String> unknown = new TreeSet<>(given.keySet());
    unknown.removeAll(known);
    if (!unknown.isEmpty()) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "%s has no keyword argument %s; it knows %s"
              .formatted(id, String.join(", ", unknown), String.join(", ", known)));
    }
  }
}
