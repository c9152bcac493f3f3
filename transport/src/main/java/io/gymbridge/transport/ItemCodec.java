package io.gymbridge.transport;

import com.google.protobuf.NullValue;
import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import io.gymbridge.proto.v1.Item;
import io.gymbridge.proto.v1.ItemList;
import io.gymbridge.proto.v1.ItemMap;
import io.gymbridge.proto.v1.Tensor;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Infos, options and metadata on the wire. Stateless.
 *
 * <p>In Java an item is null, {@link Boolean}, {@link Long} (any integer on its way out), {@link
 * Double} (any real), {@link String}, {@link NdArray}, {@link List} or {@link Map} from strings.
 */
public final class ItemCodec {
  /**
   * Levels of lists and maps. A map's level costs three of protobuf's nested messages (map, its
   * entry, item), of which a parser takes 100.
   */
  static final int MAX_DEPTH = 24;

  private ItemCodec() {}

  /**
   * The message for a map.
   *
   * @param what names the map in an error: "options", "info"
   * @throws io.gymbridge.core.GymException INVALID_ARGUMENT for a value that is none of the items,
   *     or more than 24 levels
   */
  public static ItemMap encode(Map<String, ?> items, String what) {
    return encodeMap(items, what, 1);
  }

  /**
   * The message for one item; null is an item too.
   *
   * @throws io.gymbridge.core.GymException as {@link #encode(Map, String)}
   */
  public static Item encode(@Nullable Object item, String what) {
    return encodeItem(item, what, 0);
  }

  private static ItemMap encodeMap(Map<?, ?> items, String path, int depth) {
    checkDepth(depth, path);
    ItemMap.Builder message = ItemMap.newBuilder();
    items.forEach(
        (name, value) -> {
          if (!(name instanceof String key)) {
            throw Shapes.invalid(path + ": the key " + name + " is not a string");
          }
          message.putItems(key, encodeItem(value, path + "[\"" + key + "\"]", depth));
        });
    return message.build();
  }

  static Item encodeItem(@Nullable Object value, String path, int depth) {
    Item.Builder item = Item.newBuilder();
    if (value == null) {
      item.setNull(NullValue.NULL_VALUE);
    } else if (value instanceof Boolean flag) {
      item.setBoolean(flag);
    } else if (value instanceof Double || value instanceof Float) {
      item.setReal(((Number) value).doubleValue());
    } else if (value instanceof Long
        || value instanceof Integer
        || value instanceof Short
        || value instanceof Byte) {
      item.setInteger(((Number) value).longValue());
    } else if (value instanceof String text) {
      item.setText(text);
    } else if (value instanceof NdArray array) {
      item.setTensor(encodeTensor(array));
    } else if (value instanceof List<?> list) {
      checkDepth(depth + 1, path);
      ItemList.Builder items = ItemList.newBuilder();
      for (int i = 0; i < list.size(); i++) {
        items.addItems(encodeItem(list.get(i), path + "[" + i + "]", depth + 1));
      }
      item.setList(items);
    } else if (value instanceof Map<?, ?> map) {
      item.setMap(encodeMap(map, path, depth + 1));
    } else {
      throw Shapes.invalid(
          "%s: a %s cannot be sent, expected null, a boolean, a number, a string, an NdArray, or a"
                  .formatted(path, value.getClass().getName())
              + " list or map of these");
    }
    return item.build();
  }

  private static Tensor encodeTensor(NdArray array) {
    return Tensor.newBuilder()
        .setDtype(DTypes.encode(array.dtype()))
        .addAllShape(Shapes.encode(array.shape()))
        .setData(Columns.bytes(array))
        .build();
  }

  /**
   * The map of a message, unmodifiable.
   *
   * @throws io.gymbridge.core.GymException INVALID_ARGUMENT for a message that breaks the rules of
   *     value.proto
   */
  public static Map<String, Object> decode(ItemMap message, String what) {
    return message.getItemsCount() == 0 ? Map.of() : decodeMap(message, what, 1);
  }

  /** One item; null is an item too. */
  public static @Nullable Object decode(Item item, String what) {
    return decodeItem(item, what, 0);
  }

  // Infos hold nulls, as Python's hold None.
  @SuppressWarnings("NullAway")
  private static Map<String, Object> decodeMap(ItemMap message, String path, int depth) {
    checkDepth(depth, path);
    Map<String, Object> items = new LinkedHashMap<>();
    message
        .getItemsMap()
        .forEach((name, item) -> items.put(name, decodeItem(item, path + "." + name, depth)));
    return Collections.unmodifiableMap(items);
  }

  private static @Nullable Object decodeItem(Item item, String path, int depth) {
    return switch (item.getKindCase()) {
      case NULL -> null;
      case BOOLEAN -> item.getBoolean();
      case INTEGER -> item.getInteger();
      case REAL -> item.getReal();
      case TEXT -> item.getText();
      case TENSOR -> decodeTensor(item.getTensor(), path);
      case LIST -> {
        checkDepth(depth + 1, path);
        List<@Nullable Object> items = new ArrayList<>();
        for (Item element : item.getList().getItemsList()) {
          items.add(decodeItem(element, path, depth + 1));
        }
        yield Collections.unmodifiableList(items);
      }
      case MAP -> decodeMap(item.getMap(), path, depth + 1);
      case KIND_NOT_SET -> throw Shapes.invalid(path + ": an item without a kind");
    };
  }

  private static NdArray decodeTensor(Tensor tensor, String path) {
    DType dtype = DTypes.decode(tensor.getDtype());
    int[] shape = Shapes.decode(tensor.getShapeList(), dtype, path);
    int expected = Shapes.size(shape) * dtype.bytes();
    if (tensor.getData().size() != expected) {
      throw Shapes.invalid(
          "%s: a tensor of %s%s takes %d bytes, got %d"
              .formatted(
                  path,
                  dtype.numpyName(),
                  tensor.getShapeList(),
                  expected,
                  tensor.getData().size()));
    }
    return NdArray.wrap(dtype, tensor.getData().asReadOnlyByteBuffer(), shape);
  }

  private static void checkDepth(int depth, String path) {
    if (depth > MAX_DEPTH) {
      throw Shapes.invalid(path + ": more than " + MAX_DEPTH + " levels of lists and maps");
    }
  }
}
