package io.gymbridge.data;

import io.gymbridge.core.NdArray;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.Channels;

/**
 * Whole arrays as NumPy's {@code .npy}: rows of numbers, little-endian; pickled objects are
 * refused.
 */
public final class NpyArray {
  private NpyArray() {}

  /**
   * Reads one array.
   *
   * @param available bytes that the source says it has; an array that claims more is refused before
   *     anything is allocated for it
   * @throws IOException if it is cut short, not {@code .npy}, or of a kind that is not read
   */
  public static NdArray read(InputStream in, long available) throws IOException {
    NpyHeader header = NpyHeader.read(in);
    long bytes = (long) header.rowBytes() * header.shape()[0];
    if (bytes > Math.min(available, Integer.MAX_VALUE)) {
      throw new IOException("it claims %d bytes, there are %d".formatted(bytes, available));
    }
    return NdArray.wrap(
        header.dtype(), ByteBuffer.wrap(NpyHeader.exactly(in, (int) bytes)), header.shape());
  }

  /** Writes one array of at least one dimension. */
  public static void write(OutputStream out, NdArray array) throws IOException {
    new NpyHeader(array.dtype(), array.shape()).write(out);
    Channels.newChannel(out).write(array.data());
  }
}
