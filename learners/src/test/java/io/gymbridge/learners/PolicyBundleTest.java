package io.gymbridge.learners;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.GymException;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.Transitions;
import io.gymbridge.core.Value;
import io.gymbridge.policies.BundleManifest;
import io.gymbridge.policies.OnnxPolicy;
import io.gymbridge.policies.PolicyBundle;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import onnx.Onnx;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PolicyBundleTest {
  private static final Transitions DATA = Problems.smooth(100, 1);
  private static final PolicyNetwork NETWORK =
      new BehavioralCloning(BehavioralCloning.Config.defaults().withSteps(100)).train(DATA);
  private static final PolicyBundle BUNDLE =
      NETWORK.toBundle(
          "smooth", "BehavioralCloning", "Smooth-v0", Map.of("seed", 0L), DATA.observations());

  @TempDir Path folder = Path.of("");
  private Path file = Path.of("");

  @BeforeEach
  void write() throws IOException {
    file = folder.resolve("smooth.zip");
    BUNDLE.write(file);
  }

  @Test
  void own_graphs_are_computed_in_java_row_by_row_as_together() {
    Box observations = Box.of(DType.FLOAT64, -3, 3, 2, 2);
    for (Space actions :
        List.of(
            Box.of(DType.FLOAT32, -2, 5, 3),
            Box.of(DType.FLOAT64, -2, 5, 1, 2),
            new Discrete(4, 7, DType.INT64),
            new MultiDiscrete(
                NdArray.of(new long[] {3, 2}, 2), NdArray.of(new long[] {0, 1}, 2)))) {
      PolicyNetwork network =
          PolicyNetwork.create(observations, actions, PolicyNetwork.Architecture.defaults(), 5);
      SplittableRandom random = new SplittableRandom(1);
      int n = 40;
      Value seen =
          observations.stack(Stream.generate(() -> observations.sample(random)).limit(n).toList());
      PolicyBundle bundle = network.toBundle("own", "none", "None-v0", Map.of(), seen);
      try (OnnxPolicy policy = bundle.policy(0)) {
        assertTrue(policy.rowsInJava() > 0, actions.toString());
        NdArray together = policy.act(seen, true).array();
        for (int row = 0; row < n; row++) {
          NdArray alone = policy.act(seen.slice(row, 1), true).array();
          for (int i = 0; i < alone.size(); i++) {
            assertEquals(together.getDouble(row * alone.size() + i), alone.getDouble(i), 1e-5);
          }
        }
      }
    }
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

  @Test
  void what_is_written_is_read_again_and_can_be_trained_further() {
    PolicyBundle read = PolicyBundle.read(file);
    assertEquals(BUNDLE.manifest().goldenActions(), read.manifest().goldenActions());
    assertEquals(BUNDLE.manifest().observationSpace(), read.manifest().observationSpace());
    assertEquals(BUNDLE.manifest().actionSpace(), read.manifest().actionSpace());
    assertEquals("Smooth-v0", read.manifest().environment());
    assertEquals(BUNDLE.version(), read.version());
    assertEquals(
        NETWORK.decide(DATA.observations()),
        PolicyNetwork.fromBundle(read).decide(DATA.observations()));
  }

  @Test
  void truncated_and_empty_files_are_refused() throws IOException {
    byte[] whole = Files.readAllBytes(file);
    for (int length : new int[] {4, whole.length / 2, whole.length - 1}) {
      Files.write(file, Arrays.copyOf(whole, length));
      assertRefused("cut short");
    }
    Files.write(file, new byte[0]);
    assertRefused("it is empty");
    GymException missing =
        assertThrows(GymException.class, () -> PolicyBundle.read(folder.resolve("none.zip")));
    assertEquals(GymException.Kind.NOT_FOUND, missing.kind());
  }

  @Test
  void other_golden_actions_are_refused_with_both() throws IOException {
    BundleManifest manifest = BUNDLE.manifest();
    double[] actions = manifest.goldenActions().toDoubles();
    actions[0] += 1e-3;
    NdArray changed =
        NdArray.ofDoubles(
            manifest.goldenActions().dtype(), actions, manifest.goldenActions().shape());
    PolicyBundle wrong =
        new PolicyBundle(
            new BundleManifest(
                manifest.name(),
                manifest.algorithm(),
                manifest.environment(),
                manifest.observationSpace(),
                manifest.actionSpace(),
                manifest.stochastic(),
                manifest.network(),
                manifest.provenance(),
                manifest.goldenObservations(),
                changed),
            BUNDLE.onnx(),
            BUNDLE.network());
    byte[] before = Files.readAllBytes(file);
    GymException error = assertThrows(GymException.class, () -> wrong.write(file));
    assertTrue(
        error.getMessage().contains("got float32")
            && error.getMessage().contains("expected float32"),
        error.getMessage());
    assertArrayEquals(before, Files.readAllBytes(file), "the old bundle is untouched");
    try (var left = Files.list(folder)) {
      assertEquals(1, left.count(), "no temporary file is left");
    }
  }

  @Test
  void golden_actions_that_were_tampered_with_are_refused_on_reading() throws IOException {
    Map<String, byte[]> entries = entries();
    PolicyNetwork other =
        new BehavioralCloning(BehavioralCloning.Config.defaults().withSteps(100).withSeed(8))
            .train(DATA);
    entries.put("policy.onnx", other.toOnnx());
    rewrite(entries);
    assertRefused("it was changed or damaged");
    String manifest = new String(entries.get("manifest.json"), StandardCharsets.UTF_8);
    entries.put("policy.onnx", BUNDLE.onnx());
    double first = BUNDLE.manifest().goldenObservations().array().getDouble(0);
    assertTrue(
        manifest.contains(String.valueOf(first)),
        "the observations are in the manifest as they are");
    entries.put(
        "manifest.json",
        manifest
            .replace(String.valueOf(first), String.valueOf(-first))
            .getBytes(StandardCharsets.UTF_8));
    rewrite(entries);
    assertRefused("golden observation 0");
  }

  @Test
  void unexpected_entries_and_wrong_sizes_are_refused() throws IOException {
    for (String name : List.of("../evil", "code.py", "policy.onnx.data")) {
      Map<String, byte[]> entries = entries();
      entries.put(name, new byte[] {1});
      rewrite(entries);
      assertRefused("unexpected entry");
      BUNDLE.write(file);
    }
    Map<String, byte[]> bomb = entries();
    bomb.put("manifest.json", new byte[(64 << 20) + 1]);
    rewrite(bomb);
    assertTrue(Files.size(file) < 1 << 20, "small on disk");
    assertRefused("at most");
  }

  @Test
  void models_with_foreign_operators_or_files_are_refused() throws Exception {
    Onnx.ModelProto model = Onnx.ModelProto.parseFrom(BUNDLE.onnx());
    Onnx.ModelProto.Builder foreign = model.toBuilder();
    foreign.getGraphBuilder().getNodeBuilder(0).setDomain("com.example");
    assertNotRun(foreign.build().toByteArray());
    Onnx.ModelProto.Builder external = model.toBuilder();
    external
        .getGraphBuilder()
        .getInitializerBuilder(0)
        .setDataLocation(Onnx.TensorProto.DataLocation.EXTERNAL);
    assertNotRun(external.build().toByteArray());
    assertNotRun("not a model".getBytes(StandardCharsets.UTF_8));
    assertNotRun(new byte[0]);
  }

  private static void assertNotRun(byte[] onnx) {
    GymException error =
        assertThrows(
            GymException.class,
            () -> new OnnxPolicy(onnx, Problems.OBSERVATIONS, Problems.ACTIONS, 0));
    assertEquals(GymException.Kind.INVALID_ARGUMENT, error.kind());
  }

  @Test
  void threads_that_act_at_once_get_the_same_as_one() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try (OnnxPolicy policy = BUNDLE.policy(0)) {
      NdArray expected = policy.act(DATA.observations(), true);
      List<Future<Boolean>> equal =
          IntStream.range(0, 400)
              .mapToObj(
                  i -> threads.submit(() -> expected.equals(policy.act(DATA.observations(), true))))
              .toList();
      for (Future<Boolean> each : equal) {
        assertTrue(each.get());
      }
    } finally {
      threads.shutdown();
    }
  }
}
