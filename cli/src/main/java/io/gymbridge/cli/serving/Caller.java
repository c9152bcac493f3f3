package io.gymbridge.cli.serving;

import com.google.protobuf.ByteString;
import io.grpc.Status;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.proto.v1.ActResponse;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Asks a server the same question again and again. Answers come on the client's event loop, which
 * the one who is told must not hold up. Thread-safe.
 */
abstract class Caller implements AutoCloseable {
  private static final ByteString BEGIN = ByteString.copyFrom(new byte[] {1});

  /** The beginning of an episode. */
  protected static final ActRequest FIRST =
      BenchPolicy.QUESTION.toBuilder().setEpisodeStarts(BEGIN).build();

  /**
   * What a question was answered with.
   *
   * @param version that answered; empty for none
   * @param actions float32 (N, 6); empty for none
   * @param failure null where there are actions
   */
  record Answer(String version, ByteString actions, Status.@Nullable Code failure) {
    static Answer of(ActResponse response) {
      return new Answer(
          response.getVersion(),
          response.getActions().getBuffersCount() == 1
              ? response.getActions().getBuffers(0)
              : ByteString.EMPTY,
          null);
    }

    static Answer of(Status.Code failure) {
      return new Answer("", ByteString.EMPTY, failure);
    }

    boolean refused() {
      return failure == Status.Code.RESOURCE_EXHAUSTED;
    }
  }

  /**
   * Asks; any number of questions may be under way.
   *
   * @param begin whether an episode begins with it
   * @param then is told the answer once
   */
  abstract void ask(boolean begin, Consumer<Answer> then);

  @Override
  public abstract void close();
}
