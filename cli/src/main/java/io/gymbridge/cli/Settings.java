package io.gymbridge.cli;

import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Applies {@code --set key=value} to a learner's configuration record. */
final class Settings {
  private Settings() {}

  /**
   * A copy of {@code defaults} with some components replaced.
   *
   * @throws UserError for an unknown key or a value of the wrong type, before any work is done
   */
  static <R extends Record> R apply(R defaults, Map<String, String> settings) {
    Map<String, String> left = new LinkedHashMap<>(settings);
    RecordComponent[] components = defaults.getClass().getRecordComponents();
    Class<?>[] types = Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    Object[] values = new Object[components.length];
    try {
      for (int i = 0; i < components.length; i++) {
        String given = left.remove(components[i].getName());
        values[i] =
            given == null
                ? components[i].getAccessor().invoke(defaults)
                : parse(components[i].getName(), given, types[i]);
      }
      if (!left.isEmpty()) {
        throw new UserError(
            "--set: no setting is called %s; there are %s".formatted(left.keySet(), describe(defaults)));
      }
      @SuppressWarnings("unchecked")
      Constructor<R> constructor = (Constructor<R>) defaults.getClass().getDeclaredConstructor(types);
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException e) {
      if (e.getCause() instanceof IllegalArgumentException wrong) {
        throw new UserError("--set: " + wrong.getMessage(), wrong);
      }
      throw new IllegalStateException(e);
    }
  }

  /** {@code name=value} for every component. */
  static String describe(Record configuration) {
    return Arrays.stream(configuration.getClass().getRecordComponents())
        .map(component -> component.getName() + "=" + show(configuration, component))
        .collect(Collectors.joining(", "));
  }

  private static String show(Record configuration, RecordComponent component) {
    try {
      Object value = component.getAccessor().invoke(configuration);
      return value instanceof List<?> list
          ? list.stream().map(String::valueOf).collect(Collectors.joining("-"))
          : String.valueOf(value);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Object parse(String name, String text, Class<?> type) {
    try {
      if (type == int.class) {
        return Integer.parseInt(text);
      }
      if (type == long.class) {
        return Long.parseLong(text);
      }
      if (type == double.class) {
        return Double.parseDouble(text);
      }
      if (type == boolean.class && (text.equals("true") || text.equals("false"))) {
        return text.equals("true");
      }
      if (type == List.class) {
        List<Integer> sizes = new ArrayList<>();
        for (String size : text.split("[-x]", -1)) {
          sizes.add(Integer.parseInt(size));
        }
        return sizes;
      }
      if (type.isEnum()) {
        return Arrays.stream(type.getEnumConstants())
            .filter(constant -> constant.toString().equalsIgnoreCase(text))
            .findFirst()
            .orElseThrow(() -> new IllegalArgumentException(Arrays.toString(type.getEnumConstants())));
      }
    } catch (IllegalArgumentException e) {
      throw new UserError(
          "--set %s=%s: expected %s".formatted(name, text, expected(type)), e);
    }
    throw new UserError("--set %s=%s: expected %s".formatted(name, text, expected(type)));
  }

  private static String expected(Class<?> type) {
    if (type == List.class) {
      return "sizes such as 64-64";
    }
    return type.isEnum()
        ? "one of " + Arrays.toString(type.getEnumConstants())
        : type == boolean.class ? "true or false" : "a value of type " + type.getSimpleName();
  }
}
