package io.gymbridge.policies;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Damaged bundles are refused as such, and nothing else happens. */
class BundleFuzzTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path folder = Path.of("");
  private Path file = Path.of("");
  private byte[] whole = new byte[0];

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("policy.zip");
    PolicyBundleFileTest.bundle().write(file);
    whole = Files.readAllBytes(file);
  }

  /** Reads the file: what comes back has to be the policy that was written. */
  private boolean refused() {
    try {
      PolicyBundle read = PolicyBundle.read(file);
      try (OnnxPolicy policy = read.policy(0)) {
        NdArray one = NdArray.of(new float[] {1, 2}, 1, 2);
        assertEquals(NdArray.of(new float[] {2, 4}, 1, 2), policy.act(one, true));
      }
      return false;
    } catch (GymException e) {
      assertEquals(Kind.INVALID_ARGUMENT, e.kind(), e.getMessage());
      return true;
    }
  }

  private Map<String, byte[]> entries() throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    Files.write(file, whole);
    try (ZipInputStream zip = new ZipInputStream(Files.newInputStream(file))) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        entries.put(entry.getName(), zip.readAllBytes());
      }
    }
    return entries;
  }

  private void rewrite(Map<String, byte[]> entries) throws IOException {
    try (OutputStream stream = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(stream)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        zip.putNextEntry(new ZipEntry(entry.getKey()));
        zip.write(entry.getValue());
        zip.closeEntry();
      }
    }
  }

  private static byte[] damaged(SplittableRandom random, byte[] bytes) {
    byte[] damaged = bytes.clone();
    int first = random.nextInt(bytes.length);
    switch (random.nextInt(3)) {
      case 0 -> damaged[first] ^= (byte) (1 << random.nextInt(8));
      case 1 -> {
        for (int i = first; i < Math.min(bytes.length, first + 8); i++) {
          damaged[i] = (byte) random.nextInt(256);
        }
      }
      default -> Arrays.fill(damaged, first, Math.min(bytes.length, first + 16), (byte) 0);
    }
    return damaged;
  }

  @Test
  void truncated_files_are_refused() throws IOException {
    for (int i = 0; i < 250; i++) {
      Files.write(file, Arrays.copyOf(whole, (int) ((long) whole.length * i / 250)));
      assertTrue(refused(), "cut at " + i + "/250");
    }
  }

  @Test
  void files_with_damaged_bytes_are_refused_or_still_the_same_policy() throws IOException {
    SplittableRandom random = new SplittableRandom(1);
    int refused = 0;
    for (int i = 0; i < 250; i++) {
      Files.write(file, damaged(random, whole));
      refused += refused() ? 1 : 0;
    }
    assertTrue(refused > 200, "refused " + refused + " of 250; times and the like do not matter");
  }

  @Test
  void damaged_manifests_in_sound_zips_are_refused_or_still_the_same_policy() throws IOException {
    SplittableRandom random = new SplittableRandom(2);
    Map<String, byte[]> entries = entries();
    byte[] manifest = java.util.Objects.requireNonNull(entries.get("manifest.json"));
    int refused = 0;
    for (int i = 0; i < 250; i++) {
      entries.put("manifest.json", damaged(random, manifest));
      rewrite(entries);
      refused += refused() ? 1 : 0;
    }
    assertTrue(refused > 150, "refused " + refused + " of 250");
  }

  @Test
  void damaged_graphs_with_a_fitting_digest_are_refused_or_still_the_same_policy()
      throws IOException {
    SplittableRandom random = new SplittableRandom(3);
    Map<String, byte[]> entries = entries();
    byte[] onnx = java.util.Objects.requireNonNull(entries.get("policy.onnx"));
    ObjectNode manifest =
        (ObjectNode) JSON.readTree(java.util.Objects.requireNonNull(entries.get("manifest.json")));
    int refused = 0;
    for (int i = 0; i < 250; i++) {
      byte[] damaged = damaged(random, onnx);
      entries.put("policy.onnx", damaged);
      manifest.putObject("sha256").put("policy.onnx", BundleFile.sha256(damaged));
      entries.put("manifest.json", JSON.writeValueAsBytes(manifest));
      rewrite(entries);
      refused += refused() ? 1 : 0;
    }
    assertTrue(refused > 150, "refused " + refused + " of 250");
  }

  @Test
  void bombs_and_duplicates_are_refused_before_anything_is_unpacked() throws IOException {
    Map<String, byte[]> entries = entries();
    entries.put("network.zip", new byte[65 << 20]);
    rewrite(entries);
    GymException bomb = assertThrows(GymException.class, () -> PolicyBundle.read(file));
    assertTrue(bomb.getMessage().contains("at most 100 times"), bomb.getMessage());
    entries.remove("network.zip");
    byte[] manifest = java.util.Objects.requireNonNull(entries.get("manifest.json"));
    entries.put("manifest.jsom", manifest);
    rewrite(entries);
    byte[] zip = Files.readAllBytes(file);
    for (int i = 0; i + 13 <= zip.length; i++) {
      if (zip[i] == 'm'
          && new String(zip, i, 13, java.nio.charset.StandardCharsets.ISO_8859_1)
              .equals("manifest.jsom")) {
        zip[i + 12] = 'n';
      }
    }
    Files.write(file, zip);
    GymException twice = assertThrows(GymException.class, () -> PolicyBundle.read(file));
    assertTrue(twice.getMessage().contains("two entries are called"), twice.getMessage());
  }
}
