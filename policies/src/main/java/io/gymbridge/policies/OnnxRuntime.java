package io.gymbridge.policies;

import ai.onnxruntime.OrtEnvironment;
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

  private static void make(CompletableFuture<OrtEnvironment> making) {
    try {
      making.complete(OrtEnvironment.getEnvironment());
    } catch (RuntimeException | LinkageError e) {
      making.completeExceptionally(e);
    }
  }
}
