package io.gymbridge.cli.serving;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;

/**
 * A folder that can be full: a file system of its own in memory, where this process may mount one.
 */
final class SmallDisk implements AutoCloseable {
  private static final int MEGABYTES = 64;

  private final Path folder;
  private final Path filler;
  private final boolean mounted;

  SmallDisk(Path folder) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.filler = folder.resolve(".filler");
    this.mounted =
        run("mount", "-t", "tmpfs", "-o", "size=%dm".formatted(MEGABYTES), "tmpfs", "" + folder);
  }

  /** Whether {@link #fill} works: only root may mount. */
  boolean canBeFull() {
    return mounted;
  }

  /** Leaves no room for another byte. */
  void fill() throws IOException {
    ByteBuffer zeros = ByteBuffer.allocate(4096);
    try (FileChannel channel =
        FileChannel.open(filler, StandardOpenOption.CREATE, StandardOpenOption.APPEND)) {
      while (true) {
        channel.write(zeros.clear());
      }
    } catch (IOException e) {
      if (!String.valueOf(e.getMessage()).contains("No space left")) {
        throw e;
      }
    }
  }

  /** Makes room again. */
  void clear() throws IOException {
    Files.deleteIfExists(filler);
  }

  private static boolean run(String... command) throws IOException {
    try {
      return new ProcessBuilder(List.of(command))
              .redirectErrorStream(true)
              .redirectOutput(ProcessBuilder.Redirect.DISCARD)
              .start()
              .waitFor()
          == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    } catch (IOException e) {
      // A system without such a program.
      return false;
    }
  }

  @Override
  public void close() throws IOException {
    if (mounted && !run("umount", folder.toString())) {
      throw new IOException("cannot unmount " + folder);
    }
  }
}
