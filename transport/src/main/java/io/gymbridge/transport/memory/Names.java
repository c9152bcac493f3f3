package io.gymbridge.transport.memory;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A directory that only this user can enter, for as long as its names are needed: until {@link
 * #remove}, or until this process ends. What processes that were killed left behind is removed when
 * another one is made.
 */
final class Names {
  private static final Pattern NAME = Pattern.compile("gymbridge-([0-9]{1,10})-.*");
  private static final Duration YOUNG = Duration.ofMinutes(1);
  private static final Set<Names> LIVE = ConcurrentHashMap.newKeySet();

  static {
    Runtime.getRuntime()
        .addShutdownHook(
            new Thread(() -> LIVE.forEach(Names::remove), "gymbridge-shared-memory-shutdown"));
  }

  private final Path directory;

  private Names(Path directory) {
    this.directory = directory;
  }

  static Names make() throws IOException {
    Path parent = parent();
    Names made =
        new Names(
            Files.createTempDirectory(
                parent,
                "gymbridge-" + ProcessHandle.current().pid() + "-",
                PosixFilePermissions.asFileAttribute(
                    PosixFilePermissions.fromString("rwx------"))));
    LIVE.add(made);
    removeStale(parent, Files.getOwner(made.directory));
    return made;
  }

  private static Path parent() {
    Path memory = Path.of("/dev/shm");
    return Files.isDirectory(memory) && Files.isWritable(memory)
        ? memory
        : Path.of(System.getProperty("java.io.tmpdir", "/tmp")).toAbsolutePath();
  }

  Path directory() {
    return directory;
  }

  /** Removes the directory and what is in it; again does no harm. */
  void remove() {
    remove(directory);
    LIVE.remove(this);
  }

  private static void remove(Path directory) {
    try (DirectoryStream<Path> inside = Files.newDirectoryStream(directory)) {
      for (Path path : inside) {
        Files.deleteIfExists(path);
      }
      Files.deleteIfExists(directory);
    } catch (IOException e) {
      // It was removed before, or somebody else does.
    }
  }

  /** Removes directories of this user whose processes are gone. */
  static void removeStale(Path parent, UserPrincipal user) {
    try (DirectoryStream<Path> found = Files.newDirectoryStream(parent, "gymbridge-*")) {
      for (Path directory : found) {
        if (isStale(directory, user)) {
          remove(directory);
        }
      }
    } catch (IOException e) {
      // They stay until another time.
    }
  }

  private static boolean isStale(Path directory, UserPrincipal user) throws IOException {
    Matcher name = NAME.matcher(directory.getFileName().toString());
    return name.matches()
        && Files.getOwner(directory, LinkOption.NOFOLLOW_LINKS).equals(user)
        && Files.getLastModifiedTime(directory, LinkOption.NOFOLLOW_LINKS)
            .toInstant()
            .isBefore(Instant.now().minus(YOUNG))
        && ProcessHandle.of(Long.parseLong(name.group(1))).isEmpty();
  }
}
