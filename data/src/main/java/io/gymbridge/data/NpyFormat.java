package io.gymbridge.data;

import io.gymbridge.core.DType;
import io.gymbridge.core.NdArray;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * NumPy's {@code .npy}: a header in the notation of Python's literals, then the elements. Little-
 * endian, row-major arrays of numbers are read; pickled objects are not.
 */
public final class NpyFormat {
  private static final byte[] MAGIC = {(byte) 0x93, 'N', 'U', 'M', 'P', 'Y'};
  private static final int MAX_HEADER = 64 << 10;
  private static final Pattern DESCR = Pattern.compile("'descr'\\s*:\\s*'([^']*)'");
  private static final Pattern ORDER = Pattern.compile("'fortran_order'\\s*:\\s*(True|False)");
  private static final Pattern SHAPE = Pattern.compile("'shape'\\s*:\\s*\\(([0-9,\\s]*)\\)");
  private static final Map<String, DType> TYPES =
      Map.ofEntries(
          Map.entry("<f2", DType.FLOAT16),
          Map.entry("<f4", DType.FLOAT32),
          Map.entry("<f8", DType.FLOAT64),
          Map.entry("<i2", DType.INT16),
          Map.entry("<i4", DType.INT32),
          Map.entry("<i8", DType.INT64),
          Map.entry("|i1", DType.INT8),
          Map.entry("|u1", DType.UINT8),
          Map.entry("|b1", DType.BOOL));

  private NpyFormat() {}

  /**
   * Reads one array.
   *
   * @param available bytes that the source says it has; an array that claims more is refused before
   *     anything is allocated for it
   * @throws IOException if it is cut short, not {@code .npy}, or of a kind that is not read
   */
  public static NdArray read(InputStream in, long available) throws IOException {
    byte[] start = exactly(in, 8);
    if (!Arrays.equals(MAGIC, Arrays.copyOf(start, 6))) {
      throw new IOException("not a .npy array");
    }
    boolean small = start[6] == 1;
    ByteBuffer length = ByteBuffer.wrap(exactly(in, small ? 2 : 4)).order(ByteOrder.LITTLE_ENDIAN);
    int headerSize = small ? length.getShort() & 0xFFFF : length.getInt();
    if (headerSize < 0 || headerSize > MAX_HEADER) {
      throw new IOException("its header claims " + headerSize + " bytes");
    }
    String header = new String(exactly(in, headerSize), StandardCharsets.ISO_8859_1);
    String descr = found(DESCR, header, "descr");
    DType dtype = TYPES.get(descr);
    if (dtype == null) {
      throw new IOException(
          descr.contains("O")
              ? "it holds pickled Python objects, which could run code when read"
              : "elements of type \"%s\" are not read, only %s".formatted(descr, TYPES.keySet()));
    }
    int[] shape = shape(found(SHAPE, header, "shape"));
    if (found(ORDER, header, "fortran_order").equals("True") && shape.length > 1) {
      throw new IOException("it is column-major: save numpy.ascontiguousarray of it");
    }
    long bytes = dtype.bytes();
    for (int dimension : shape) {
      if (dimension > 0 && bytes > Integer.MAX_VALUE / dimension) {
        throw new IOException("it claims more than 2 GiB");
      }
      bytes *= dimension;
    }
    if (bytes > available) {
      throw new IOException("it claims %d bytes, there are %d".formatted(bytes, available));
    }
    return NdArray.wrap(dtype, ByteBuffer.wrap(exactly(in, (int) bytes)), shape);
  }

  private static String found(Pattern pattern, String header, String key) throws IOException {
    Matcher matcher = pattern.matcher(header);
    if (!matcher.find()) {
      throw new IOException("its header lacks '" + key + "': " + header.strip());
    }
    return matcher.group(1);
  }

  private static int[] shape(String text) throws IOException {
    try {
      return Arrays.stream(text.split(","))
          .map(String::strip)
          .filter(part -> !part.isEmpty())
          .mapToInt(Integer::parseInt)
          .toArray();
    } catch (NumberFormatException e) {
      throw new IOException("its shape is (" + text + ")", e);
    }
  }

  private static byte[] exactly(InputStream in, int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new EOFException("it is cut short");
    }
    return bytes;
  }

  /** Writes one array, in version 1.0 of the format. */
  public static void write(OutputStream out, NdArray array) throws IOException {
    String descr =
        TYPES.entrySet().stream()
            .filter(entry -> entry.getValue() == array.dtype())
            .map(Map.Entry::getKey)
            .findFirst()
            .orElseThrow(
                () ->
                    new IOException("arrays of " + array.dtype().numpyName() + " are not written"));
    String shape =
        Arrays.stream(array.shape()).mapToObj(n -> n + ",").collect(Collectors.joining(" "));
    String header =
        "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }".formatted(descr, shape);
    int padding = 63 - (10 + header.length()) % 64;
    byte[] text = (header + " ".repeat(padding) + "\n").getBytes(StandardCharsets.ISO_8859_1);
    out.write(MAGIC);
    out.write(new byte[] {1, 0, (byte) text.length, (byte) (text.length >> 8)});
    out.write(text);
    ByteBuffer data = array.data();
    byte[] bytes = new byte[data.remaining()];
    data.get(bytes);
    out.write(bytes);
  }
}
