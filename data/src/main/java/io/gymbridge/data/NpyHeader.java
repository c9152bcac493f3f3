package io.gymbridge.data;

import io.gymbridge.core.DType;
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
 * What NumPy's {@code .npy} says of an array before its elements, in the notation of Python's
 * literals. Little-endian, row-major arrays of numbers are known; pickled objects are refused.
 *
 * @param shape number of rows first
 */
record NpyHeader(DType dtype, int[] shape) {
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

  /**
   * Reads it, up to where the elements begin.
   *
   * @throws IOException if it is cut short, not {@code .npy}, or of a kind that is not read
   */
  static NpyHeader read(InputStream in) throws IOException {
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
    if (shape.length == 0) {
      throw new IOException("it is a single number, expected rows");
    }
    return new NpyHeader(dtype, shape);
  }

  /** Bytes of one row; more than 2 GiB are refused. */
  int rowBytes() throws IOException {
    long bytes = dtype.bytes();
    for (int i = 1; i < shape.length; i++) {
      bytes = shape[i] == 0 ? 0 : bytes > Integer.MAX_VALUE / shape[i] ? -1 : bytes * shape[i];
      if (bytes < 0) {
        throw new IOException("it claims rows of more than 2 GiB");
      }
    }
    return (int) bytes;
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

  /** So many bytes, or an error: no more memory is taken than there are bytes. */
  static byte[] exactly(InputStream in, int count) throws IOException {
    byte[] bytes = in.readNBytes(count);
    if (bytes.length < count) {
      throw new EOFException("it is cut short");
    }
    return bytes;
  }

  /** Writes it, in version 1.0 of the format. */
  void write(OutputStream out) throws IOException {
    String descr =
        TYPES.entrySet().stream()
            .filter(entry -> entry.getValue() == dtype)
            .map(Map.Entry::getKey)
            .findFirst()
            .orElseThrow(
                () -> new IOException("arrays of " + dtype.numpyName() + " are not written"));
    String dimensions =
        Arrays.stream(shape).mapToObj(n -> n + ",").collect(Collectors.joining(" "));
    String header =
        "{'descr': '%s', 'fortran_order': False, 'shape': (%s), }".formatted(descr, dimensions);
    int padding = 63 - (10 + header.length()) % 64;
    byte[] text = (header + " ".repeat(padding) + "\n").getBytes(StandardCharsets.ISO_8859_1);
    out.write(MAGIC);
    out.write(new byte[] {1, 0, (byte) text.length, (byte) (text.length >> 8)});
    out.write(text);
  }
}
