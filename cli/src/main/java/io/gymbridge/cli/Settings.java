package io.gymbridge.cli;

import io.gymbridge.learners.DAgger;
import java.lang.reflect.Constructor;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Applies {@code --set key=value} to a learner's configuration record. The keys are the names of
 * the record's components, those of nested records included.
 */
final class Settings {
  /** Sizes of hidden layers where there are none. */
  private static final String LINEAR = "linear";

  private Settings() {}

  /**
   * A copy of {@code defaults} with some components replaced.
   *
   * @throws UserError for an unknown key or a wrong value, before any work is done
   */
  static <R extends Record> R apply(R defaults, Map<String, String> settings) {
    Map<String, String> left = new LinkedHashMap<>(settings);
    R applied = replace(defaults, left);
    if (!left.isEmpty()) {
      throw new UserError(
          "--set: no setting is called %s; there are %s"
              .formatted(
                  String.join(", ", left.keySet()),
                  String.join(", ", describe(defaults).keySet())));
    }
    return applied;
  }

  /** Names and values of all settings, as {@code --set} takes them. */
  static Map<String, String> describe(Record configuration) {
    Map<String, String> described = new TreeMap<>();
    for (RecordComponent component : configuration.getClass().getRecordComponents()) {
      Object value = get(configuration, component);
      if (value instanceof Record nested && !component.getType().equals(DAgger.Schedule.class)) {
        described.putAll(describe(nested));
      } else if (value instanceof List<?> sizes) {
        described.put(
            component.getName(),
            sizes.isEmpty()
                ? LINEAR
                : String.join("-", sizes.stream().map(String::valueOf).toList()));
      } else {
        described.put(component.getName(), String.valueOf(value));
      }
    }
    return described;
  }

  private static <R extends Record> R replace(R record, Map<String, String> left) {
    RecordComponent[] components = record.getClass().getRecordComponents();
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    Object[] values = new Object[components.length];
    for (int i = 0; i < components.length; i++) {
      Object value = get(record, components[i]);
      String given = left.remove(components[i].getName());
      values[i] =
          given != null
              ? parse(components[i].getName(), given, types[i])
              : value instanceof Record nested && !types[i].equals(DAgger.Schedule.class)
                  ? replace(nested, left)
                  : value;
    }
    try {
      @SuppressWarnings("unchecked")
      Constructor<R> constructor = (Constructor<R>) record.getClass().getDeclaredConstructor(types);
      return constructor.newInstance(values);
    } catch (ReflectiveOperationException e) {
      if (e.getCause() instanceof IllegalArgumentException wrong) {
        throw new UserError("--set: " + wrong.getMessage(), wrong);
      }
      throw new IllegalStateException(e);
    }
  }

  private static Object get(Record record, RecordComponent component) {
    try {
      return component.getAccessor().invoke(record);
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
        if (text.equals(LINEAR)) {
          return List.of();
        }
        List<Integer> sizes = new ArrayList<>();
        for (String size : text.split("-", -1)) {
          sizes.add(Integer.parseInt(size));
        }
        return sizes;
      }
      if (type == DAgger.Schedule.class) {
        return DAgger.Schedule.parse(text);
      }
      if (type.isEnum()) {
        for (Object constant : type.getEnumConstants()) {
          if (constant.toString().equalsIgnoreCase(text)) {
            return constant;
          }
        }
      }
    } catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
      throw new UserError("--set %s=%s: expected %s".formatted(name, text, expected(type)), e);
    }
    throw new UserError("--set %s=%s: expected %s".formatted(name, text, expected(type)));
  }

  private static String expected(Class<?> type) {
    if (type == List.class) {
      return "sizes such as 64-64, or " + LINEAR + " for no hidden layers";
    }
    if (type == DAgger.Schedule.class) {
      return "expert-first, learner-only, linear:ROUNDS or exponential:P";
    }
    return type.isEnum()
        ? "one of " + Arrays.toString(type.getEnumConstants()).toLowerCase(java.util.Locale.ROOT)
        : type == boolean.class ? "true or false" : "a value of type " + type.getSimpleName();
  }
}
