package io.gymbridge.policies;

import com.fasterxml.jackson.databind.JsonNode;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Enumeration;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/**
 * A trained policy as one file: a zip of {@code manifest.json}, {@code policy.onnx} (the whole way
 * from observations to actions) and, for further training, {@code network.zip}.
 *
 * <p>What is read is not trusted: names and sizes of the entries are checked before anything is
 * unpacked, digests before anything is used, the graph by {@link OnnxCheck}, and at last the policy
 * has to answer the golden observations with the golden actions. Nothing in it is executed but the
 * graph's standard operators.
 *
 * @param manifest what it says of itself
 * @param onnx the graph
 * @param network the training framework's own file, opaque here; null where there is none
 */
public record PolicyBundle(BundleManifest manifest, byte[] onnx, byte @Nullable [] network) {
  /** Largest accepted difference from the golden actions, relative where these exceed 1. */
  public static final double PARITY = 1e-5;

  private static final String MANIFEST = "manifest.json";
  private static final String ONNX = "policy.onnx";
  private static final String NETWORK = "network.zip";
  private static final Map<String, Integer> LIMITS =
      Map.of(MANIFEST, 64 << 20, ONNX, 512 << 20, NETWORK, 512 << 20);

  /**
   * Reads a bundle and replays its golden actions.
   *
   * @throws GymException NOT_FOUND if there is no such file; INVALID_ARGUMENT if it is not a whole
   *     bundle, or fails a check; the message says which
   */
  public static PolicyBundle read(Path file) {
    try {
      if (Files.size(file) == 0) {
        throw invalid(file, "it is empty", null);
      }
      PolicyBundle bundle = readEntries(file);
      bundle.replayGolden(file.toString());
      return bundle;
    } catch (NoSuchFileException e) {
      throw new GymException(Kind.NOT_FOUND, "no policy bundle at " + file, null, e);
    } catch (ZipException e) {
      throw invalid(file, "it is cut short, or no zip file (" + e.getMessage() + ")", e);
    } catch (IOException e) {
      throw invalid(file, "it cannot be read: " + e.getMessage(), e);
    }
  }

  private static PolicyBundle readEntries(Path file) throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      int entries = 0;
      for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
        ZipEntry entry = all.nextElement();
        Integer limit = LIMITS.get(entry.getName());
        if (limit == null || ++entries > LIMITS.size()) {
          throw invalid(file, "unexpected entry \"" + entry.getName() + "\"", null);
        }
        if (entry.getSize() < 0 || entry.getSize() > limit) {
          throw invalid(
              file,
              "%s says it has %d bytes, at most %d are allowed"
                  .formatted(entry.getName(), entry.getSize(), limit),
              null);
        }
      }
      byte[] manifest = entry(file, zip, MANIFEST);
      byte[] onnx = entry(file, zip, ONNX);
      byte[] network = entry(file, zip, NETWORK);
      if (manifest == null || onnx == null) {
        throw invalid(file, "it lacks " + (manifest == null ? MANIFEST : ONNX), null);
      }
      JsonNode json = ManifestJson.parse(manifest);
      Map<String, String> digests = ManifestJson.digests(json);
      checkDigest(file, digests, ONNX, onnx);
      if (network != null) {
        checkDigest(file, digests, NETWORK, network);
      }
      return new PolicyBundle(ManifestJson.manifest(json), onnx, network);
    }
  }

  /** An entry's content; never more than it declared, whatever its compressed data unfolds to. */
  private static byte @Nullable [] entry(Path file, ZipFile zip, String name) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      return null;
    }
    try (InputStream content = zip.getInputStream(entry)) {
      byte[] bytes = content.readNBytes((int) entry.getSize());
      if (bytes.length != entry.getSize() || content.read() != -1) {
        throw invalid(file, name + " is not of the size that it declares", null);
      }
      return bytes;
    }
  }

  private static void checkDigest(
      Path file, Map<String, String> digests, String name, byte[] content) {
    String expected = digests.get(name);
    if (!sha256(content).equals(expected)) {
      throw invalid(
          file,
          "%s has sha256 %s, the manifest says %s: it was changed or damaged"
              .formatted(name, sha256(content), expected),
          null);
    }
  }

  /**
   * Acts on the golden observations and compares.
   *
   * @throws GymException INVALID_ARGUMENT if an action differs by more than {@link #PARITY}
   */
  private void replayGolden(String where) {
    try (OnnxPolicy policy = policy(0)) {
      NdArray got = policy.act(manifest.goldenObservations(), true);
      NdArray expected = manifest.goldenActions();
      if (!java.util.Arrays.equals(got.shape(), expected.shape())) {
        throw new GymException(
            Kind.INVALID_ARGUMENT,
            "%s: the policy does not act as it did when it was written: got %s, expected %s"
                .formatted(where, got, expected));
      }
      int components = expected.size() / expected.batchSize();
      for (int i = 0; i < Math.max(got.size(), expected.size()); i++) {
        boolean same = got.size() == expected.size() && got.dtype() == expected.dtype();
        double difference =
            same ? Math.abs(got.getDouble(i) - expected.getDouble(i)) : Double.POSITIVE_INFINITY;
        if (!(difference <= PARITY * Math.max(1, Math.abs(expected.getDouble(i))))) {
          throw new GymException(
              Kind.INVALID_ARGUMENT,
              "%s: the policy does not act as it did when it was written: golden observation %d: got %s, expected %s"
                  .formatted(
                      where,
                      i / components,
                      got.row(i / components),
                      expected.row(i / components)));
        }
      }
    }
  }

  /**
   * Writes the bundle: the file is replaced at once, so that readers see the old or the new one.
   * Golden actions are replayed first.
   *
   * @throws GymException INVALID_ARGUMENT if the golden actions are not the policy's
   * @throws IOException if the file cannot be written; the old one, if any, is untouched
   */
  public void write(Path file) throws IOException {
    replayGolden("nothing was written");
    Map<String, byte[]> entries = new LinkedHashMap<>();
    Map<String, String> digests = new LinkedHashMap<>();
    entries.put(ONNX, onnx);
    if (network != null) {
      entries.put(NETWORK, network);
    }
    entries.forEach((name, content) -> digests.put(name, sha256(content)));
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException("cannot write a bundle to " + file);
    }
    Files.createDirectories(folder);
    Path temporary = Files.createTempFile(folder, ".bundle", ".tmp");
    try {
      try (OutputStream out = Files.newOutputStream(temporary);
          ZipOutputStream zip = new ZipOutputStream(out)) {
        put(zip, MANIFEST, ManifestJson.write(manifest, digests));
        for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
          put(zip, entry.getKey(), entry.getValue());
        }
      }
      try (FileChannel channel = FileChannel.open(temporary, StandardOpenOption.WRITE)) {
        channel.force(true);
      }
      Files.move(
          temporary, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(temporary);
    }
  }

  /**
   * The bundle as bytes, for {@code RemoteVectorEnv.putPolicy}: without the network for further
   * training, which nobody needs there.
   */
  public byte[] toBytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      put(zip, MANIFEST, ManifestJson.write(manifest, Map.of(ONNX, sha256(onnx))));
      put(zip, ONNX, onnx);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    entry.setTime(315_532_800_000L + 86_400_000L); // a fixed time: the same policy, the same file
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  /** The policy, ready to act; the seed is for its samples. */
  public OnnxPolicy policy(long seed) {
    return new OnnxPolicy(onnx, manifest.observationSpace(), manifest.actionSpace(), seed);
  }

  /** Twelve hexadecimal digits that tell this policy's graph from any other. */
  public String version() {
    return sha256(onnx).substring(0, 12);
  }

  private static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  private static GymException invalid(Path file, String why, @Nullable Throwable cause) {
    return new GymException(
        Kind.INVALID_ARGUMENT,
        "%s is no usable policy bundle: %s".formatted(file, why),
        null,
        cause);
  }
}
