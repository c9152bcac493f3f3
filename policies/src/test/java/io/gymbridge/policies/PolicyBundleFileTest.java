package io.gymbridge.policies;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyBundleFileTest {
  private static final int N = BundleManifest.MIN_GOLDEN;

  @TempDir Path folder = Path.of("");
  private Path file = Path.of("");

  static PolicyBundle bundle() {
    float[] seen = new float[2 * N];
    float[] done = new float[2 * N];
    for (int i = 0; i < 2 * N; i++) {
      seen[i] = i * 0.1f;
      done[i] = 2 * seen[i];
    }
    return new PolicyBundle(
        manifest(
            OnnxPolicyTest.OBSERVATIONS,
            OnnxPolicyTest.ACTIONS,
            NdArray.of(seen, N, 2),
            NdArray.of(done, N, 2)),
        TinyOnnx.gaussian(),
        null);
  }

  private static BundleManifest manifest(
      Space observations, Space actions, NdArray seen, NdArray done) {
    return new BundleManifest(
        "twice",
        "none",
        "Twice-v0",
        observations,
        actions,
        true,
        Map.of(),
        Map.of("seed", 3, "versions", List.of("a", "b")),
        seen,
        done);
  }

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("twice.zip");
    bundle().write(file);
  }

  private void assertRefused(String reason) {
    GymException error = assertThrows(GymException.class, () -> PolicyBundle.read(file));
    assertEquals(GymException.Kind.INVALID_ARGUMENT, error.kind());
    assertTrue(error.getMessage().contains(reason), error.getMessage());
  }

  private Map<String, byte[]> entries() throws IOException {
    Map<String, byte[]> entries = new TreeMap<>();
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

  private void rewriteManifest(String pattern, String replacement) throws IOException {
    bundle().write(file);
    Map<String, byte[]> entries = entries();
    byte[] before = java.util.Objects.requireNonNull(entries.get("manifest.json"));
    String text = new String(before, StandardCharsets.UTF_8);
    String changed = text.replaceFirst(pattern, replacement);
    assertTrue(!changed.equals(text), "the manifest has " + pattern);
    entries.put("manifest.json", changed.getBytes(StandardCharsets.UTF_8));
    rewrite(entries);
  }

  @Test
  void written_manifest_is_read_again() {
    BundleManifest expected = bundle().manifest();
    BundleManifest read = PolicyBundle.read(file).manifest();
    assertEquals(expected, read);
  }

  @Test
  void every_plain_space_survives_the_manifest() {
    NdArray golden = NdArray.of(new float[N], N);
    for (Space space :
        List.of(
            Box.of(DType.FLOAT64, Double.NEGATIVE_INFINITY, 0.1, 2, 3),
            Box.of(DType.UINT8, 0, 255, 4),
            Box.of(DType.FLOAT32, -0.1, 0.1),
            new Discrete(5, -2, DType.INT32),
            MultiDiscrete.of(2, 3),
            MultiBinary.of(3))) {
      byte[] json = ManifestJson.write(manifest(space, space, golden, golden), Map.of());
      BundleManifest read = ManifestJson.manifest(ManifestJson.parse(json));
      assertEquals(space, read.observationSpace());
      assertEquals(space, read.actionSpace());
    }
  }

  @Test
  void damaged_manifests_are_refused_with_the_reason() throws IOException {
    rewriteManifest("\"format\" : 1", "\"format\" : 99");
    assertRefused("format 99");
    rewriteManifest("\"environment\"", "\"surroundings\"");
    assertRefused("lacks \"environment\"");
    rewriteManifest("\"Box\"", "\"Sphere\"");
    assertRefused("Sphere");
    rewriteManifest("float32", "float31");
    assertRefused("manifest.json is not as it should be");
    rewriteManifest("(?s)\\{.*", "{");
    assertRefused("not JSON");
  }

  @Test
  void golden_examples_of_a_wrong_shape_are_refused() throws IOException {
    String shape = "\"shape\" : \\[ 8, 2 \\],\\s*\"data\" : \\[[^\\]]*\\]";
    rewriteManifest(shape, "\"shape\" : [ ], \"data\" : [ 1 ]");
    assertRefused("batches");
    String observations = "(?s)(\"golden\".*?)" + shape;
    rewriteManifest(observations, "$1\"shape\" : [ 8, 0 ], \"data\" : [ ]");
    assertRefused("expected a batch from");
    String actions = "(?s)(\"actions\" : \\{\\s*\"dtype\" : \"float32\",\\s*)" + shape;
    rewriteManifest(actions, "$1\"shape\" : [ 8, 0 ], \"data\" : [ ]");
    assertRefused("does not act as it did");
    rewriteManifest(actions, "$1\"shape\" : [ 1, 2 ], \"data\" : [ 0, 0 ]");
    assertRefused("at least 8");
  }

  @Test
  void tampered_golden_action_is_refused_with_got_and_expected() throws IOException {
    rewriteManifest("(?s)(\"actions\" : \\{.*?\"data\" : \\[ )0.0", "$10.125");
    assertRefused("golden observation 0: got float32[2]{0.0, 0.2");
    assertRefused("expected float32[2]{0.125");
  }

  @Test
  void missing_entries_and_garbage_graphs_are_refused() throws IOException {
    for (String name : List.of("manifest.json", "policy.onnx")) {
      bundle().write(file);
      Map<String, byte[]> entries = entries();
      entries.remove(name);
      rewrite(entries);
      assertRefused("it lacks " + name);
    }
    bundle().write(file);
    Map<String, byte[]> entries = entries();
    entries.put("policy.onnx", new byte[] {1, 2, 3});
    rewrite(entries);
    assertRefused("changed or damaged");
    GymException garbage =
        assertThrows(
            GymException.class,
            () -> new PolicyBundle(bundle().manifest(), new byte[] {1, 2, 3}, null).write(file));
    assertEquals(GymException.Kind.INVALID_ARGUMENT, garbage.kind());
  }

  @Test
  void declared_sizes_are_not_trusted() throws IOException {
    for (int declared : new int[] {Integer.MAX_VALUE, 5}) {
      bundle().write(file);
      byte[] zip = Files.readAllBytes(file);
      ByteBuffer bytes = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
      for (int i = 0; i + 46 < zip.length; i++) {
        if (bytes.getInt(i) == 0x02014b50) { // an entry of the central directory
          bytes.putInt(i + 24, declared);
        }
      }
      Files.write(file, zip);
      assertRefused(declared == 5 ? "is not of the size" : "at most");
    }
  }

  @Test
  void failed_write_leaves_what_was_there_and_no_temporary_file() throws IOException {
    byte[] before = Files.readAllBytes(file);
    PolicyBundle wrong = new PolicyBundle(bundle().manifest(), TinyOnnx.deterministic(), null);
    assertThrows(GymException.class, () -> wrong.write(file));
    assertArrayEquals(before, Files.readAllBytes(file));
    Path occupied = Files.createDirectories(folder.resolve("occupied.zip").resolve("inside"));
    assertThrows(IOException.class, () -> bundle().write(folder.resolve("occupied.zip")));
    assertTrue(Files.isDirectory(occupied));
    try (var left = Files.list(folder)) {
      assertEquals(2, left.count());
    }
  }

  @Test
  void same_bundle_gives_the_same_bytes() throws IOException {
    Path again = folder.resolve("again.zip");
    bundle().write(again);
    assertArrayEquals(Files.readAllBytes(file), Files.readAllBytes(again));
  }
}
