package io.gymbridge.policies;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.gymbridge.core.GymException;
import io.gymbridge.core.WholeFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
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

  /**
   * Reads a bundle and replays its golden actions.
   *
   * @throws GymException NOT_FOUND if there is no such file; INVALID_ARGUMENT if it is not a whole
   *     bundle, or fails a check; the message says which
   */
  public static PolicyBundle read(Path file) {
    Loaded loaded = load(file, 0);
    loaded.policy.close();
    return loaded.bundle;
  }

  /**
   * A bundle and its policy.
   *
   * @param policy to be closed
   */
  public record Loaded(PolicyBundle bundle, OnnxPolicy policy) {}

  /**
   * As {@link #read}, and gives the policy that has replayed the golden actions.
   *
   * @param seed of its samples
   */
  public static Loaded load(Path file, long seed) {
    PolicyBundle bundle = BundleFile.read(file);
    return new Loaded(bundle, bundle.replayed(seed, file.toString()));
  }

  /**
   * As {@link #load(Path, long)}, of what a client has sent, {@link #toBytes}, with smaller limits;
   * a network for further training is not looked at.
   *
   * @throws GymException as {@link #read}
   */
  public static Loaded load(byte[] bytes, long seed) {
    PolicyBundle bundle = BundleFile.read(bytes);
    return new Loaded(bundle, bundle.replayed(seed, BundleFile.SENT));
  }

  private OnnxPolicy replayed(long seed, String where) {
    OnnxPolicy policy = policy(seed);
    try {
      Golden.check(policy, manifest, where);
      return policy;
    } catch (RuntimeException e) {
      policy.close();
      throw e;
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
    replayed(0, "nothing was written").close();
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null) {
      throw new IOException("cannot write a bundle to " + file);
    }
    Files.createDirectories(folder);
    WholeFile.write(file, out -> BundleFile.write(this, true, out));
  }

  /**
   * The bundle as bytes, for {@code RemoteVectorEnv.putPolicy}: without the network for further
   * training, which nobody needs there.
   */
  public byte[] toBytes() {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try {
      BundleFile.write(this, false, bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  /** The policy, ready to act; the seed is for its samples. */
  public OnnxPolicy policy(long seed) {
    return new OnnxPolicy(
        onnx, manifest.signature(), manifest.observationSpace(), manifest.actionSpace(), seed);
  }

  /** Twelve hexadecimal digits that tell this policy's graph, and signature, from any other. */
  public String version() {
    Signature signature = manifest.signature();
    String graph = BundleFile.sha256(onnx);
    return signature == null
        ? graph.substring(0, 12)
        : BundleFile.sha256((graph + SignatureJson.write(signature)).getBytes(UTF_8))
            .substring(0, 12);
  }
}
