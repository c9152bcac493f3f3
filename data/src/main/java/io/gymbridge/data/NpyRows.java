package io.gymbridge.data;

import io.gymbridge.core.NdArray;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;

/** The rows of one array of an {@code .npz}, read from the front as they are asked for. */
final class NpyRows implements AutoCloseable {
  private final String name;
  private final InputStream in;
  private final NpyHeader header;
  private final int rowBytes;

  private NpyRows(String name, InputStream in, NpyHeader header) throws IOException {
    this.name = name;
    this.in = in;
    this.header = header;
    this.rowBytes = header.rowBytes();
  }

  /**
   * Opens the array of a name; null if there is none.
   *
   * @throws IOException if it claims more elements than its entry has bytes
   */
  static @Nullable NpyRows find(ZipFile zip, String name) throws IOException {
    ZipEntry entry = zip.getEntry(name + ".npy");
    if (entry == null) {
      return null;
    }
    InputStream in = zip.getInputStream(entry);
    try {
      NpyRows rows = new NpyRows(name, in, NpyHeader.read(in));
      if (rows.rowBytes > 0 && rows.shape()[0] > entry.getSize() / rows.rowBytes) {
        throw new IOException(
            "it claims %d rows of %d bytes, there are %d bytes"
                .formatted(rows.shape()[0], rows.rowBytes, entry.getSize()));
      }
      return rows;
    } catch (IOException e) {
      in.close();
      throw named(name, e);
    }
  }

  /** Number of rows first. */
  int[] shape() {
    return header.shape();
  }

  /** The next {@code count} rows, as an array of their own. */
  NdArray next(int count) throws IOException {
    long bytes = (long) count * rowBytes;
    if (bytes > Integer.MAX_VALUE) {
      throw new IOException("\"%s\" has an episode of more than 2 GiB".formatted(name));
    }
    int[] shape = header.shape().clone();
    shape[0] = count;
    try {
      return NdArray.wrap(
          header.dtype(), ByteBuffer.wrap(NpyHeader.exactly(in, (int) bytes)), shape);
    } catch (IOException e) {
      throw named(name, e);
    }
  }

  private static IOException named(String name, IOException e) {
    return new IOException("\"%s\": %s".formatted(name, e.getMessage()), e);
  }

  @Override
  public void close() throws IOException {
    in.close();
  }
}
