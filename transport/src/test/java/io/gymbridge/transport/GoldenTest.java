package io.gymbridge.transport;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.proto.v1.Item;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Reads what the Python tests wrote, and writes the same bytes. */
class GoldenTest {
  private static final Path FOLDER =
      Path.of(System.getProperty("gymbridge.root", ".."), "python-shim", "tests", "golden");

  static Stream<String> names(String prefix) throws IOException {
    try (Stream<Path> files = Files.list(FOLDER)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith(prefix) && name.endsWith(".bin"))
          .sorted()
          .toList()
          .stream();
    }
  }

  static Stream<String> spaces() throws IOException {
    return names("space_");
  }

  static Stream<String> buffers() throws IOException {
    return names("buffers_");
  }

  static Stream<String> items() throws IOException {
    return names("item_");
  }

  private static byte[] bytes(String name) throws IOException {
    return Files.readAllBytes(FOLDER.resolve(name));
  }

  private static JsonNode described(String name) throws IOException {
    return new ObjectMapper()
        .readTree(Files.readString(FOLDER.resolve(name.replace(".bin", ".json"))));
  }

  private static Space space(String name) throws IOException {
    return SpaceCodec.decode(io.gymbridge.proto.v1.Space.parseFrom(bytes(name)));
  }

  @ParameterizedTest
  @MethodSource("spaces")
  void spaces_are_read_and_written_alike(String name) throws IOException {
    Space space = space(name);
    assertArrayEquals(bytes(name), SpaceCodec.encode(space).toByteArray());
    assertEquals(space, SpaceCodec.decode(SpaceCodec.encode(space)));
  }

  @ParameterizedTest
  @MethodSource("buffers")
  void values_are_read_and_written_alike(String name) throws IOException {
    JsonNode described = described(name);
    Space space = space(described.get("space").asText());
    List<Value> expected = new ArrayList<>();
    described.get("values").forEach(value -> expected.add(DescribedValues.read(space, value)));
    int n = described.get("n").asInt();
    ValueCodec codec = new ValueCodec(space);
    Value batch = codec.decode(Buffers.parseFrom(bytes(name)), n, "golden");
    assertEquals(space.stack(expected), batch);
    for (int i = 0; i < n; i++) {
      assertEquals(expected.get(i), batch.row(i));
      assertNull(space.whyNot(batch.row(i)));
    }
    assertArrayEquals(bytes(name), codec.encode(batch, n, "golden").toByteArray());
  }

  @ParameterizedTest
  @MethodSource("items")
  void items_are_read_and_written_alike(String name) throws IOException {
    JsonNode described = described(name);
    Object item = ItemCodec.decode(Item.parseFrom(bytes(name)), "golden");
    if (item instanceof NdArray array) {
      assertEquals(described.get("dtype").asText(), array.dtype().numpyName());
      assertEquals(described.get("shape").size(), array.shape().length);
      assertEquals(
          DescribedValues.array(described.get("value"), array.dtype(), array.shape()), array);
    } else {
      assertEquals(plain(described.get("value")), item);
    }
    assertArrayEquals(bytes(name), ItemCodec.encodeItem(item, "golden", 0).toByteArray());
  }

  @SuppressWarnings("NullAway")
  private static @Nullable Object plain(JsonNode node) {
    if (node.isArray()) {
      List<@Nullable Object> list = new ArrayList<>();
      node.forEach(child -> list.add(plain(child)));
      return list;
    }
    if (node.isObject()) {
      Map<String, Object> map = new java.util.LinkedHashMap<>();
      node.properties().forEach(field -> map.put(field.getKey(), plain(field.getValue())));
      return map;
    }
    if (node.isNull()) {
      return null;
    }
    if (node.isBoolean()) {
      return node.asBoolean();
    }
    if (node.isTextual()) {
      return node.asText();
    }
    return node.isIntegralNumber() ? (Object) node.asLong() : (Object) node.asDouble();
  }
}
