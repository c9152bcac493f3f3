package io.gymbridge.core;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Writes files that are there whole or not at all, whatever happens to the process or the machine
 * meanwhile: aside first, onto the disk, and then in the old file's place. Thread-safe.
 */
public final class WholeFile {
  /** What names of files that are not whole yet begin with. */
  public static final String UNFINISHED = ".unfinished-";

  private WholeFile() {}

  /** Writes a file's content. */
  public interface Content {
    /** Writes all of it; it may close the stream. */
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Writes a file, or replaces it at once.
   *
   * @throws IOException if it cannot be written; the old one, if any, is untouched, and nothing is
   *     left behind
   */
  public static void write(Path file, Content content) throws IOException {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException("there can be no file " + file);
    }
    Path temporary = folder.resolve(UNFINISHED + UUID.randomUUID());
    try {
      try (OutputStream out =
          new BufferedOutputStream(
              Files.newOutputStream(
                  temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE))) {
        content.writeTo(out);
      }
      force(temporary);
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      forceName(folder);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /** As {@link #force}, where that can be had: not everywhere can folders be opened. */
  private static void forceName(Path folder) {
    try {
      force(folder);
    } catch (IOException e) {
      // The file is in its place, and will be on the disk when the system sees fit.
    }
  }

  /** Returns when a file's content, or a folder's names, are on the disk. */
  public static void force(Path written) throws IOException {
    try (FileChannel channel = FileChannel.open(written, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }
}
