package io.gymbridge.policies;

import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * ONNX Runtime's environment, one a process, made when it is first asked for.
 *
 * <p>Making it takes more than the one megabyte of stack that Java's threads have by default: where
 * it looks at the machine's devices it recurses, deeper on some machines than on others, and then
 * the whole process dies without a word. So it is made on a thread with a stack of its own size.
 */
final class OnnxRuntime {
  private static final long STACK_BYTES = 64L << 20;

  private static @Nullable OrtEnvironment environment;

  private OnnxRuntime() {}

  static synchronized OrtEnvironment environment() {
    OrtEnvironment made = environment;
    if (made == null) {
      CompletableFuture<OrtEnvironment> making = new CompletableFuture<>();
      new Thread(null, () -> make(making), "gymbridge-onnxruntime", STACK_BYTES).start();
      made = making.join();
      environment = made;
    }
    return made;
  }

  /**
   * Loads a model, checked as {@link OnnxCheck} does, to be run by one thread a call; to be closed.
   *
   * @throws GymException INVALID_ARGUMENT if it is none
   */
  static OrtSession load(byte[] onnx) {
    OnnxCheck.check(onnx);
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      // What fails is thrown, and what a model declares of its outputs is measured: no need to
      // print it.
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      // Denormals cost a hundred times as much and mean nothing here.
      options.addConfigEntry("session.set_denormal_as_zero", "1");
      return environment().createSession(onnx, options);
    } catch (OrtException e) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "not a model that can be run: " + e.getMessage(), null, e);
    }
  }

  static void close(OrtSession session) {
    try {
      session.close();
    } catch (OrtException e) {
      throw new GymException(Kind.INTERNAL, "cannot close the session", null, e);
    }
  }

  private static void make(CompletableFuture<OrtEnvironment> making) {
    try {
      OrtEnvironment made = OrtEnvironment.getEnvironment();
      // It would tell its makers what it is used for; ORT_DISABLE_TELEMETRY also keeps it from
      // preparing to.
      made.setTelemetry(false);
      removeExtracted();
      making.complete(made);
    } catch (OrtException | RuntimeException | LinkageError e) {
      making.completeExceptionally(e);
    }
  }

  /**
   * Removes the folder that its libraries were loaded from, which it would leave empty in the
   * temporary files of each process. On Linux what is mapped stays.
   */
  private static void removeExtracted() {
    Path maps = Path.of("/proc/self/maps");
    try {
      Set<Path> libraries = new HashSet<>();
      for (String line : Files.exists(maps) ? Files.readAllLines(maps) : List.<String>of()) {
        int path = line.indexOf('/');
        if (path >= 0 && line.contains("/onnxruntime-java")) {
          libraries.add(Path.of(line.substring(path)));
        }
      }
      for (Path library : libraries) {
        Files.deleteIfExists(library);
      }
      for (Path library : libraries) {
        Path folder = library.getParent();
        if (folder != null) {
          Files.deleteIfExists(folder);
        }
      }
    } catch (IOException e) {
      // A folder stays behind.
    }
  }
}
