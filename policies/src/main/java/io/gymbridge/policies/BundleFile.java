package io.gymbridge.policies;

import com.fasterxml.jackson.databind.JsonNode;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Enumeration;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipException;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;

/** A bundle's zip: reads one that is not trusted, and writes. */
final class BundleFile {
  private static final String MANIFEST = "manifest.json";
  private static final String ONNX = "policy.onnx";
  private static final String NETWORK = "network.zip";
  private static final Map<String, Integer> LIMITS =
      Map.of(MANIFEST, 64 << 20, ONNX, 512 << 20, NETWORK, 512 << 20);

  /** Of what clients send. */
  private static final Map<String, Integer> SENT_LIMITS =
      Map.of(MANIFEST, 16 << 20, ONNX, 256 << 20, NETWORK, 512 << 20);

  /** What clients send, in messages. */
  static final String SENT = "what was sent";

  /** Of all entries together. */
  private static final long TOTAL = 768L << 20;

  /** How many times its own size a file may unfold to, where that is more than a small one. */
  private static final int RATIO = 100;

  private static final long SMALL = 64L << 20;

  private final Path file;
  private final String name;
  private final Map<String, Integer> limits;
  private final boolean withNetwork;

  private BundleFile(Path file, String name, Map<String, Integer> limits, boolean withNetwork) {
    this.file = file;
    this.name = name;
    this.limits = limits;
    this.withNetwork = withNetwork;
  }

  /** The parts of a file, none of which was used yet; {@link PolicyBundle#read} says the errors. */
  static PolicyBundle read(Path file) {
    return new BundleFile(file, file.toString(), LIMITS, true).read();
  }

  /** The same of bytes that a client has sent, without the network. */
  static PolicyBundle read(byte[] bytes) {
    try {
      // Java reads a zip's directory, which says what is in it, from files only.
      Path file = Files.createTempFile("gymbridge-bundle", ".zip");
      try {
        Files.write(file, bytes);
        return new BundleFile(file, SENT, SENT_LIMITS, false).read();
      } finally {
        Files.deleteIfExists(file);
      }
    } catch (IOException e) {
      throw new GymException(
          Kind.RESOURCE_EXHAUSTED, "no room for a policy bundle: " + e.getMessage(), null, e);
    }
  }

  private PolicyBundle read() {
    try {
      if (Files.size(file) == 0) {
        throw invalid("it is empty", null);
      }
      return entries();
    } catch (NoSuchFileException e) {
      throw new GymException(Kind.NOT_FOUND, "no policy bundle at " + file, null, e);
    } catch (ZipException e) {
      throw invalid("it is cut short, or no zip file (" + e.getMessage() + ")", e);
    } catch (IOException e) {
      throw invalid("it cannot be read: " + e.getMessage(), e);
    }
  }

  private PolicyBundle entries() throws IOException {
    try (ZipFile zip = new ZipFile(file.toFile())) {
      checkDeclared(zip);
      byte[] manifest = entry(zip, MANIFEST);
      byte[] onnx = entry(zip, ONNX);
      byte[] network = withNetwork ? entry(zip, NETWORK) : null;
      if (manifest == null || onnx == null) {
        throw invalid("it lacks " + (manifest == null ? MANIFEST : ONNX), null);
      }
      JsonNode json = ManifestJson.parse(manifest);
      Map<String, String> digests = ManifestJson.digests(json);
      checkDigest(digests, ONNX, onnx);
      if (network != null) {
        checkDigest(digests, NETWORK, network);
      }
      return new PolicyBundle(ManifestJson.manifest(json), onnx, network);
    }
  }

  /** Names and sizes as the zip's directory has them, before anything is unpacked. */
  private void checkDeclared(ZipFile zip) throws IOException {
    Set<String> names = new HashSet<>();
    long total = 0;
    for (Enumeration<? extends ZipEntry> all = zip.entries(); all.hasMoreElements(); ) {
      ZipEntry entry = all.nextElement();
      Integer limit = limits.get(entry.getName());
      if (limit == null) {
        throw invalid("unexpected entry \"" + entry.getName() + "\"", null);
      }
      if (!names.add(entry.getName())) {
        throw invalid("two entries are called " + entry.getName(), null);
      }
      if (entry.getSize() < 0 || entry.getSize() > limit) {
        throw invalid(
            "%s says it has %d bytes, at most %d are allowed"
                .formatted(entry.getName(), entry.getSize(), limit),
            null);
      }
      total += entry.getSize();
    }
    if (total > TOTAL) {
      throw invalid(
          "its entries say they have %d bytes together, at most %d are allowed"
              .formatted(total, TOTAL),
          null);
    }
    long size = Files.size(file);
    if (total > SMALL && total > RATIO * size) {
      throw invalid(
          "its %d bytes say they unfold to %d, at most %d times as many are allowed"
              .formatted(size, total, RATIO),
          null);
    }
  }

  /** An entry's content; never more than it declared, whatever its compressed data unfolds to. */
  private byte @Nullable [] entry(ZipFile zip, String name) throws IOException {
    ZipEntry entry = zip.getEntry(name);
    if (entry == null) {
      return null;
    }
    try (InputStream content = zip.getInputStream(entry)) {
      byte[] bytes = content.readNBytes((int) entry.getSize());
      if (bytes.length != entry.getSize() || content.read() != -1) {
        throw invalid(name + " is not of the size that it declares", null);
      }
      return bytes;
    }
  }

  private void checkDigest(Map<String, String> digests, String name, byte[] content) {
    String expected = digests.get(name);
    if (!sha256(content).equals(expected)) {
      throw invalid(
          "%s has sha256 %s, the manifest says %s: it was changed or damaged"
              .formatted(name, sha256(content), expected),
          null);
    }
  }

  private GymException invalid(String why, @Nullable Throwable cause) {
    return new GymException(
        Kind.INVALID_ARGUMENT,
        "%s is no usable policy bundle: %s".formatted(name, why),
        null,
        cause);
  }

  /** Writes the zip; the same bundle gives the same bytes. */
  static void write(PolicyBundle bundle, boolean network, OutputStream out) throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put(ONNX, bundle.onnx());
    byte[] further = bundle.network();
    if (network && further != null) {
      entries.put(NETWORK, further);
    }
    Map<String, String> digests = new LinkedHashMap<>();
    entries.forEach((name, content) -> digests.put(name, sha256(content)));
    try (ZipOutputStream zip = new ZipOutputStream(out)) {
      put(zip, MANIFEST, ManifestJson.write(bundle.manifest(), digests), ZipEntry.DEFLATED);
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        // Weights do not get smaller, and are to be read fast when a new version goes into service.
        // A zip as it is would be taken for the whole where the file is cut short.
        boolean stored = entry.getKey().equals(ONNX);
        put(zip, entry.getKey(), entry.getValue(), stored ? ZipEntry.STORED : ZipEntry.DEFLATED);
      }
    }
  }

  private static void put(ZipOutputStream zip, String name, byte[] content, int method)
      throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(method);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    entry.setTime(315_532_800_000L + 86_400_000L); // a fixed time: the same policy, the same file
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  static String sha256(byte[] content) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
