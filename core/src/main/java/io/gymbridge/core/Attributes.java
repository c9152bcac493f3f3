package io.gymbridge.core;

import io.gymbridge.core.GymException.Kind;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.DoubleConsumer;
import java.util.function.DoubleSupplier;
import java.util.function.IntConsumer;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What may be read, set and called by name in an environment; nothing else of it can be reached.
 *
 * <pre>{@code
 * @Override
 * public Attributes attributes() {
 *   return new Attributes()
 *       .real("gravity", () -> gravity, value -> gravity = value)
 *       .readOnly("mass", () -> MASS)
 *       .method("push", (args, kwargs) -> push());
 * }
 * }</pre>
 *
 * Values are as in {@link Env.Reset#info}. A setter is called with a value that fits; should that
 * not be enough, it throws {@link GymException} INVALID_ARGUMENT and changes nothing. Names that
 * begin with an underscore are no client's to name.
 */
public final class Attributes {
  private final Map<String, Attribute> attributes = new LinkedHashMap<>();

  /** What is called by name. */
  @FunctionalInterface
  public interface Method {
    /** Its result; arguments that do not fit are INVALID_ARGUMENT. */
    @Nullable Object call(List<?> args, Map<String, ?> kwargs);
  }

  private sealed interface Attribute permits Variable, Function {}

  /** One to read, and to set unless {@code set} is null. */
  private record Variable(
      Supplier<? extends @Nullable Object> get, @Nullable Consumer<@Nullable Object> set)
      implements Attribute {}

  private record Function(Method method) implements Attribute {}

  private Attributes put(String name, Attribute attribute) {
    if (attributes.put(name, attribute) != null) {
      throw new IllegalArgumentException("two attributes are called \"" + name + "\"");
    }
    return this;
  }

  /** A finite number. */
  public Attributes real(String name, DoubleSupplier get, DoubleConsumer set) {
    return put(
        name,
        new Variable(
            get::getAsDouble,
            value -> {
              if (!(scalar(value) instanceof Number number)
                  || !Double.isFinite(number.doubleValue())) {
                throw wrong(name, value, "a finite number");
              }
              set.accept(number.doubleValue());
            }));
  }

  /** An integer between two bounds, inclusive. */
  public Attributes integer(String name, int low, int high, IntSupplier get, IntConsumer set) {
    return put(
        name,
        new Variable(
            () -> (long) get.getAsInt(),
            value -> {
              if (!(scalar(value) instanceof Long number) || number < low || number > high) {
                throw wrong(name, value, "an integer from %d to %d".formatted(low, high));
              }
              set.accept(number.intValue());
            }));
  }

  /** Finite numbers, always as many; read as a {@code float64} array. */
  public Attributes reals(String name, Supplier<double[]> get, Consumer<double[]> set) {
    return put(
        name,
        new Variable(
            () -> NdArray.of(get.get(), get.get().length),
            value -> {
              int length = get.get().length;
              set.accept(numbers(name, value, length));
            }));
  }

  /** One of some texts. */
  public Attributes text(
      String name, Set<String> choices, Supplier<String> get, Consumer<String> set) {
    return put(
        name,
        new Variable(
            get,
            value -> {
              if (!(value instanceof String text) || !choices.contains(text)) {
                throw wrong(name, value, "one of " + new TreeSet<>(choices));
              }
              set.accept(text);
            }));
  }

  /** One that cannot be set. */
  public Attributes readOnly(String name, Supplier<? extends @Nullable Object> get) {
    return put(name, new Variable(get, null));
  }

  public Attributes method(String name, Method method) {
    return put(name, new Function(method));
  }

  /** All names, in the order in which they were given. */
  public Set<String> names() {
    return Collections.unmodifiableSet(attributes.keySet());
  }

  /**
   * What a method returns, or the value of an attribute, which takes no arguments.
   *
   * @throws GymException INVALID_ARGUMENT for an unknown name, or arguments that do not fit; what
   *     the method throws
   */
  public @Nullable Object call(String name, List<?> args, Map<String, ?> kwargs) {
    Attribute found = find(name);
    if (found instanceof Function function) {
      return function.method.call(args, kwargs);
    }
    if (!args.isEmpty() || !kwargs.isEmpty()) {
      throw invalid("\"%s\" is an attribute, which takes no arguments".formatted(name));
    }
    return ((Variable) found).get.get();
  }

  /** The value of an attribute; throws as {@link #call}. */
  public @Nullable Object get(String name) {
    return call(name, List.of(), Map.of());
  }

  /**
   * Sets an attribute.
   *
   * @throws GymException INVALID_ARGUMENT for an unknown name, one that cannot be set, or a value
   *     that does not fit; nothing has changed then
   */
  public void set(String name, @Nullable Object value) {
    if (find(name) instanceof Variable variable && variable.set != null) {
      variable.set.accept(value);
    } else {
      throw invalid(
          "\"%s\" can be %s, not set".formatted(name, isMethod(name) ? "called" : "read"));
    }
  }

  private boolean isMethod(String name) {
    return find(name) instanceof Function;
  }

  private Attribute find(String name) {
    Attribute found = attributes.get(name);
    if (found == null) {
      throw invalid(
          "the environment has no attribute \"%s\"; it has %s"
              .formatted(name, attributes.keySet()));
    }
    return found;
  }

  /** The number in an array without dimensions, which is how NumPy's scalars arrive. */
  private static @Nullable Object scalar(@Nullable Object value) {
    if (value instanceof NdArray array && array.size() == 1 && array.shape().length == 0) {
      return array.dtype().isFloating() ? (Object) array.getDouble(0) : array.getLong(0);
    }
    return value;
  }

  private static double[] numbers(String name, @Nullable Object value, int length) {
    double[] numbers = new double[0];
    if (value instanceof NdArray array) {
      numbers = array.toDoubles();
    } else if (value instanceof List<?> list && list.stream().allMatch(Number.class::isInstance)) {
      numbers = list.stream().mapToDouble(number -> ((Number) number).doubleValue()).toArray();
    }
    if (numbers.length != length || !Arrays.stream(numbers).allMatch(Double::isFinite)) {
      throw wrong(name, value, length + " finite numbers");
    }
    return numbers;
  }

  private static GymException wrong(String name, @Nullable Object value, String expected) {
    return invalid("attribute %s: got %s, expected %s".formatted(name, value, expected));
  }

  private static GymException invalid(String message) {
    return new GymException(Kind.INVALID_ARGUMENT, message);
  }
}
