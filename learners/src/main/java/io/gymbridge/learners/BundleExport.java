package io.gymbridge.learners;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.learners.nn.Activation;
import io.gymbridge.policies.BundleManifest;
import io.gymbridge.policies.OnnxPolicy;
import io.gymbridge.policies.PolicyBundle;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.util.ModelSerializer;

/** Turns {@link PolicyNetwork}s into bundles and back. */
final class BundleExport {
  private static final int GOLDEN = 16;

  private BundleExport() {}

  static PolicyBundle toBundle(
      PolicyNetwork network,
      String name,
      String algorithm,
      String environment,
      Map<String, Object> provenance,
      Value observations) {
    byte[] onnx = network.toOnnx();
    Value golden = spread(observations);
    NdArray actions = network.decide(golden);
    checkParity(network, onnx, golden);
    BundleManifest manifest =
        new BundleManifest(
            name,
            algorithm,
            environment,
            network.observationSpace(),
            network.actionSpace(),
            true,
            describe(network),
            provenance,
            golden.array(),
            actions);
    return new PolicyBundle(manifest, onnx, serialise(network));
  }

  /** At most {@value #GOLDEN} observations, evenly from all. */
  private static Value spread(Value observations) {
    int n = observations.batchSize();
    int count = Math.min(n, GOLDEN);
    int[] chosen = new int[count];
    for (int i = 0; i < count; i++) {
      chosen[i] = (int) ((long) i * n / count);
    }
    return observations.take(chosen);
  }

  /** The graph's means or logits have to be the network's. */
  private static void checkParity(PolicyNetwork network, byte[] onnx, Value observations) {
    boolean gaussian = network.head() instanceof GaussianHead;
    float[] expected = network.outputs(observations);
    try (OnnxPolicy policy =
        new OnnxPolicy(onnx, network.observationSpace(), network.actionSpace(), 0)) {
      NdArray got = policy.run(observations, gaussian ? "mean" : "logits");
      for (int i = 0; i < observations.batchSize() * network.head().outputs(); i++) {
        double wanted = expected[i];
        if (network.head() instanceof GaussianHead head) {
          wanted = head.mean(expected[i], i % head.outputs());
        }
        double difference = Math.abs(got.getDouble(i) - wanted);
        if (!(difference <= PolicyBundle.PARITY * Math.max(1, Math.abs(wanted)))) {
          throw new GymException(
              Kind.INTERNAL,
              "the ONNX graph gives %s where the network gives %s"
                  .formatted(got.getDouble(i), wanted));
        }
      }
    }
  }

  private static Map<String, Object> describe(PolicyNetwork network) {
    Map<String, Object> description = new LinkedHashMap<>();
    description.put("type", "mlp");
    description.put("hidden", network.architecture().hidden());
    description.put(
        "activation", network.architecture().activation().name().toLowerCase(Locale.ROOT));
    description.put("parameters", network.parameters());
    description.put("observation_mean", boxed(network.encoder().mean()));
    description.put("observation_std", boxed(network.encoder().std()));
    if (network.head() instanceof GaussianHead gaussian) {
      description.put("action_center", boxed(gaussian.center()));
      description.put("action_scale", boxed(gaussian.scale()));
      description.put("action_variance", boxed(gaussian.variance()));
    }
    return description;
  }

  private static byte[] serialise(PolicyNetwork network) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      ModelSerializer.writeModel(network.toDl4j(), bytes, false);
    } catch (IOException e) {
      throw new GymException(Kind.INTERNAL, "cannot write the network", null, e);
    }
    return undated(bytes.toByteArray());
  }

  /** The same zip without the time of writing: the same network, the same bytes. */
  private static byte[] undated(byte[] zipped) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipInputStream in = new ZipInputStream(new ByteArrayInputStream(zipped));
        ZipOutputStream out = new ZipOutputStream(bytes)) {
      for (ZipEntry entry = in.getNextEntry(); entry != null; entry = in.getNextEntry()) {
        ZipEntry undated = new ZipEntry(entry.getName());
        undated.setTime(0);
        out.putNextEntry(undated);
        in.transferTo(out);
        out.closeEntry();
      }
    } catch (IOException e) {
      throw new GymException(Kind.INTERNAL, "cannot write the network", null, e);
    }
    return bytes.toByteArray();
  }

  static PolicyNetwork fromBundle(PolicyBundle bundle) {
    BundleManifest manifest = bundle.manifest();
    byte[] saved = bundle.network();
    if (saved == null || !"mlp".equals(manifest.network().get("type"))) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "the bundle \"%s\" holds no network to train further".formatted(manifest.name()));
    }
    try {
      Activation activation =
          Activation.valueOf(
              String.valueOf(manifest.network().get("activation")).toUpperCase(Locale.ROOT));
      List<Integer> hidden =
          Arrays.stream(numbers(manifest, "hidden")).mapToObj(units -> (int) units).toList();
      PolicyNetwork network =
          PolicyNetwork.create(
              manifest.observationSpace(),
              manifest.actionSpace(),
              new PolicyNetwork.Architecture(hidden, activation),
              0);
      MultiLayerNetwork read =
          ModelSerializer.restoreMultiLayerNetwork(new ByteArrayInputStream(saved), false);
      Dl4j.copy(read, network.mlp());
      network
          .encoder()
          .setNormalisation(
              numbers(manifest, "observation_mean"), numbers(manifest, "observation_std"));
      if (network.head() instanceof GaussianHead gaussian) {
        gaussian.restore(
            numbers(manifest, "action_center"),
            numbers(manifest, "action_scale"),
            numbers(manifest, "action_variance"));
      }
      checkParity(network, bundle.onnx(), manifest.goldenObservations());
      return network;
    } catch (IOException | RuntimeException e) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "the network in the bundle \"%s\" cannot be trained further: %s"
              .formatted(manifest.name(), e.getMessage()),
          null,
          e);
    }
  }

  private static List<Double> boxed(double[] values) {
    return Arrays.stream(values).boxed().toList();
  }

  private static double[] numbers(BundleManifest manifest, String key) {
    if (!(manifest.network().get(key) instanceof List<?> list)) {
      throw new IllegalArgumentException("no list \"" + key + "\" in the manifest");
    }
    return list.stream().mapToDouble(value -> ((Number) value).doubleValue()).toArray();
  }
}
