package io.gymbridge.server.policy;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.WholeFile;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.Objects;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Bundles on the disk: {@code POLICY/VERSION.zip}, with {@code POLICY/serving.json} beside them, or
 * {@code POLICY.zip}; or one file. Whatever it writes is there whole or not at all. Thread-safe.
 */
final class BundleFolder {
  private static final Logger log = LoggerFactory.getLogger(BundleFolder.class);
  private static final String BUNDLE = ".zip";

  /**
   * What names of bundles on their way begin with: no other program's, which may write here too.
   */
  private static final String PUBLISHING = ".publishing-";

  /** Says which versions are in service; what is wrong with it is kept under this name. */
  static final String LINEUP = "serving.json";

  /** Bundles that may be on their way at a time: each may be as large as one can be. */
  private static final int UNDER_WAY = 4;

  private final Path source;
  private final boolean single;
  private final Semaphore places = new Semaphore(UNDER_WAY);

  /** A folder, or one bundle. */
  BundleFolder(Path source) {
    this.source = source;
    this.single = Files.isRegularFile(source);
  }

  /** The files of all policies by their versions, newest first. */
  Map<String, SortedMap<String, Path>> find() throws IOException {
    Map<String, SortedMap<String, Path>> found = new TreeMap<>();
    if (single) {
      found.computeIfAbsent(stem(source), n -> newestFirst()).put("1", source);
      return found;
    }
    try (DirectoryStream<Path> entries = Files.newDirectoryStream(source)) {
      for (Path entry : entries) {
        if (isBundle(entry)) {
          found.computeIfAbsent(stem(entry), n -> newestFirst()).put("1", entry);
        } else if (Files.isDirectory(entry) && Names.isGood(entry.getFileName().toString())) {
          SortedMap<String, Path> versions = newestFirst();
          try (DirectoryStream<Path> files = Files.newDirectoryStream(entry)) {
            for (Path file : files) {
              if (isBundle(file)) {
                versions.put(stem(file), file);
              }
            }
          }
          if (!versions.isEmpty()) {
            found.put(entry.getFileName().toString(), versions);
          }
        }
      }
    }
    return found;
  }

  /**
   * The files of one policy.
   *
   * @throws GymException NOT_FOUND
   */
  SortedMap<String, Path> find(String policy) throws IOException {
    Map<String, SortedMap<String, Path>> found = find();
    SortedMap<String, Path> files = found.get(policy);
    if (files == null) {
      throw new GymException(
          Kind.NOT_FOUND,
          "no policy \"%s\" in the repository: there are %s".formatted(policy, found.keySet()));
    }
    return files;
  }

  static SortedMap<String, Path> newestFirst() {
    return new TreeMap<>(Names.OLDEST_FIRST.reversed());
  }

  private static boolean isBundle(Path file) {
    return file.getFileName().toString().endsWith(BUNDLE) && Names.isGood(stem(file));
  }

  private static String stem(Path file) {
    return file.getFileName().toString().replaceFirst("\\.zip$", "");
  }

  /** Whether a policy has a folder, which takes further versions. */
  boolean grows(String policy) {
    return !single && Files.isDirectory(source.resolve(policy));
  }

  /** Where a version of a policy that {@link #grows} belongs. */
  Path file(String policy, String version) {
    return source.resolve(policy).resolve(version + BUNDLE);
  }

  /**
   * Which versions a policy's file says are to be in service; the newest where there is none.
   *
   * @throws GymException INVALID_ARGUMENT for a file that says nothing of the kind
   */
  Lineup lineup(String policy) throws IOException {
    Path file = source.resolve(policy).resolve(LINEUP);
    return single || !Files.exists(file)
        ? Lineup.NEWEST
        : LineupCodec.fromJson(Files.readAllBytes(file));
  }

  /** Writes what {@link #lineup} reads. */
  void write(String policy, Lineup lineup) throws IOException {
    WholeFile.write(
        source.resolve(policy).resolve(LINEUP), out -> out.write(LineupCodec.toJson(lineup)));
  }

  /**
   * An empty file for a bundle that is on its way; {@link #discard} comes after it, whatever
   * happens.
   *
   * @throws GymException UNIMPLEMENTED for one file, which takes no other; RESOURCE_EXHAUSTED where
   *     too many are on their way, or the disk is full
   */
  Path unfinished(String policy) {
    if (single) {
      throw PolicyCalls.noRepository();
    }
    Names.check("policy's name", policy);
    if (!places.tryAcquire()) {
      throw new GymException(
          Kind.RESOURCE_EXHAUSTED,
          "%d bundles are being published already, expected fewer: publish again when one has arrived"
              .formatted(UNDER_WAY));
    }
    try {
      return Files.createTempFile(
          Files.createDirectories(source.resolve(policy)), PUBLISHING, ".tmp");
    } catch (IOException e) {
      places.release();
      throw cannotWrite(e);
    }
  }

  /** Removes such a file, if it is still there, and the folder that was made for it. */
  void discard(Path unfinished) {
    places.release();
    remove(unfinished);
  }

  private static void remove(Path unfinished) {
    try {
      Files.deleteIfExists(unfinished);
      Path home = unfinished.getParent();
      try (DirectoryStream<Path> left = Files.newDirectoryStream(home)) {
        if (!left.iterator().hasNext()) {
          Files.delete(home);
        }
      }
    } catch (IOException e) {
      log.warn("{} is left over: {}", unfinished, e.toString());
    }
  }

  /** Gives an unfinished file, which is on the disk, its place. */
  void finish(Path unfinished, Path file) throws IOException {
    Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    WholeFile.force(Objects.requireNonNull(file.toAbsolutePath().getParent()));
  }

  /** Removes what a process left that ended in the midst of it. */
  void removeUnfinished() {
    if (single) {
      return;
    }
    try (DirectoryStream<Path> policies = Files.newDirectoryStream(source, Files::isDirectory)) {
      for (Path policy : policies) {
        try (DirectoryStream<Path> left = Files.newDirectoryStream(policy, PUBLISHING + "*")) {
          left.forEach(BundleFolder::remove);
        }
      }
    } catch (IOException e) {
      log.warn("cannot look for what was left over in {}: {}", source, e.toString());
    }
  }

  @Override
  public String toString() {
    return source.toString();
  }

  static GymException cannotWrite(IOException e) {
    return new GymException(
        Kind.RESOURCE_EXHAUSTED,
        "the server cannot write it to its disk (%s): nothing has changed".formatted(e),
        null,
        e);
  }
}
