package io.gymbridge.server;

import io.gymbridge.core.Env;
import io.gymbridge.core.EnvBatch;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * An environment to serve.
 *
 * @param id what clients ask for; not empty
 * @param maker makes one lane's environment
 * @param batchMaker makes all of a shard's lanes at once, where the environment can
 * @param allowedKwargs names of the keyword arguments that clients may set
 * @param allowedAttributes names of those of {@link Env#attributes} that clients may read, set and
 *     call; one with a leading underscore has no effect
 * @param brief whether a step is pure arithmetic that never blocks: then steps that were measured
 *     to take less than 100 µs run on the connection's own thread, which saves a hand-over to
 *     another one. Where a step may wait for anything, say false
 */
public record ServedEnvironment(
    String id,
    Maker maker,
    BatchMaker batchMaker,
    List<String> allowedKwargs,
    List<String> allowedAttributes,
    boolean brief) {

  /** A constructor of environments. Called from several threads, for one lane after the other. */
  @FunctionalInterface
  public interface Maker {
    /**
     * Makes an environment, which is then used by one thread at a time, not always the same.
     *
     * @param kwargs of those allowed, the ones that the client has set, values as in {@link
     *     Env.Reset#info}; and {@code render_mode}, where one is asked for that the environment's
     *     metadata name
     * @throws io.gymbridge.core.GymException INVALID_ARGUMENT for keyword arguments that the
     *     environment lacks
     */
    Env make(Map<String, Object> kwargs);
  }

  /** A constructor of environments that move together. */
  @FunctionalInterface
  public interface BatchMaker {
    /**
     * Makes environments that answer as {@code numEnvs} of {@link Maker}'s would, bit for bit.
     *
     * @param kwargs as in {@link Maker#make}
     * @return null where they are to be made singly
     */
    @Nullable EnvBatch make(int numEnvs, Map<String, Object> kwargs);
  }

  public ServedEnvironment {
    if (id.isEmpty()) {
      throw new IllegalArgumentException("an environment's id cannot be empty");
    }
    allowedKwargs = List.copyOf(allowedKwargs);
    allowedAttributes = List.copyOf(allowedAttributes);
  }

  /** An environment whose lanes are made singly. */
  public ServedEnvironment(
      String id,
      Maker maker,
      List<String> allowedKwargs,
      List<String> allowedAttributes,
      boolean brief) {
    this(id, maker, (numEnvs, kwargs) -> null, allowedKwargs, allowedAttributes, brief);
  }

  /** An environment of which clients may set nothing, and of whose steps nothing is known. */
  public ServedEnvironment(String id, Supplier<? extends Env> maker) {
    this(id, kwargs -> maker.get(), List.of(), List.of(), false);
  }
}
