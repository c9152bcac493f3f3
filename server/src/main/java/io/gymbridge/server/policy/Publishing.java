package io.gymbridge.server.policy;

import com.google.protobuf.ByteString;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.v1.PublishHeader;
import io.gymbridge.proto.v1.PublishPolicyRequest;
import io.gymbridge.proto.v1.PublishPolicyResponse;
import io.gymbridge.server.Failures;
import io.gymbridge.transport.Statuses;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One bundle on its way to the disk and into service. Thread-safe. */
final class Publishing implements StreamObserver<PublishPolicyRequest> {
  private static final Logger log = LoggerFactory.getLogger(Publishing.class);

  /** Largest bundle. */
  private static final long MAX_BYTES = 1L << 30;

  /** What may pass between two chunks. */
  private static final long PATIENCE_NANOS = TimeUnit.MINUTES.toNanos(1);

  private final @Nullable Repository repository;
  private final ServerCallStreamObserver<PublishPolicyResponse> answer;
  private final MessageDigest digest;
  private @Nullable PublishHeader header;
  private @Nullable Path file;
  private @Nullable FileChannel channel;
  private long received;
  private long heard = System.nanoTime();
  private boolean over;

  Publishing(
      @Nullable Repository repository, ServerCallStreamObserver<PublishPolicyResponse> answer) {
    this.repository = repository;
    this.answer = answer;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    answer.setOnCancelHandler(this::discard);
  }

  @Override
  public synchronized void onNext(PublishPolicyRequest request) {
    if (over) {
      return;
    }
    heard = System.nanoTime();
    try {
      switch (request.getPartCase()) {
        case HEADER -> begin(request.getHeader());
        case CHUNK -> write(request.getChunk());
        case PART_NOT_SET ->
            throw invalid("got a request with neither a header nor a chunk of the bundle");
      }
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  private void begin(PublishHeader first) {
    if (header != null) {
      throw invalid("got a second header");
    }
    if (repository == null) {
      throw PolicyCalls.noRepository();
    }
    Names.check("policy's name", first.getPolicy());
    if (!first.getVersion().isEmpty()) {
      Names.check("version", first.getVersion());
    }
    if (first.getSize() < 1 || first.getSize() > MAX_BYTES) {
      throw new GymException(
          first.getSize() == 0 ? Kind.INVALID_ARGUMENT : Kind.RESOURCE_EXHAUSTED,
          "got a bundle of %s bytes, expected 1 … %d"
              .formatted(Long.toUnsignedString(first.getSize()), MAX_BYTES));
    }
    header = first;
    try {
      Path made = repository.folder().unfinished(first.getPolicy());
      file = made;
      channel = FileChannel.open(made, StandardOpenOption.WRITE);
      repository.arriving().add(this);
    } catch (IOException e) {
      throw BundleFolder.cannotWrite(e);
    }
  }

  private void write(ByteString chunk) {
    PublishHeader expected = header;
    FileChannel open = channel;
    if (expected == null || open == null) {
      throw invalid("got a chunk before the header");
    }
    received += chunk.size();
    if (chunk.isEmpty() || received > expected.getSize()) {
      throw invalid(
          "got a chunk of %d bytes, %d in all, expected no more than the %d that the header says, and no empty chunk"
              .formatted(chunk.size(), received, expected.getSize()));
    }
    try {
      for (ByteBuffer part : chunk.asReadOnlyByteBufferList()) {
        digest.update(part.duplicate());
        while (part.hasRemaining()) {
          open.write(part);
        }
      }
    } catch (IOException e) {
      throw BundleFolder.cannotWrite(e);
    }
  }

  @Override
  public synchronized void onCompleted() {
    if (over) {
      return;
    }
    PublishHeader whole = header;
    Repository keeper = repository;
    Path written = file;
    FileChannel open = channel;
    if (whole == null || keeper == null || written == null || open == null) {
      fail(invalid("got no header"));
      return;
    }
    if (received != whole.getSize()) {
      fail(invalid("got %d bytes, the header says %d".formatted(received, whole.getSize())));
      return;
    }
    ByteString sha256 = ByteString.copyFrom(digest.digest());
    if (!sha256.equals(whole.getSha256())) {
      fail(
          invalid(
              "the bundle that arrived does not have the SHA-256 that the header says: it was damaged on the way"));
      return;
    }
    over = true;
    keeper.arriving().remove(this);
    keeper.run(
        () -> {
          PublishPolicyResponse response;
          try {
            open.force(true);
            open.close();
            response = keeper.publish(whole, written);
          } catch (IOException e) {
            refuse(BundleFolder.cannotWrite(e));
            return;
          } catch (RuntimeException e) {
            refuse(e);
            return;
          } catch (Error e) {
            refuse(new GymException(Kind.INTERNAL, "the bundle could not be tried: " + e, null, e));
            throw e;
          } finally {
            keeper.folder().discard(written);
          }
          if (!answer.isCancelled()) {
            answer.onNext(response);
            answer.onCompleted();
          }
        });
  }

  @Override
  public void onError(@Nullable Throwable failure) {
    discard();
  }

  /** Gives up where nothing has come for too long, so that others may have its place. */
  synchronized void endIfSilent(long nowNanos) {
    if (!over && nowNanos - heard > PATIENCE_NANOS) {
      fail(
          new GymException(
              Kind.DEADLINE_EXCEEDED,
              "%d bytes of the bundle came, and then nothing for %d s"
                  .formatted(received, TimeUnit.NANOSECONDS.toSeconds(PATIENCE_NANOS))));
    }
  }

  private void fail(RuntimeException reason) {
    discard();
    refuse(reason);
  }

  private void refuse(RuntimeException reason) {
    Failures.log(log, reason);
    if (!answer.isCancelled()) {
      answer.onError(Statuses.toException(reason));
    }
  }

  private synchronized void discard() {
    if (over) {
      return;
    }
    over = true;
    if (repository != null) {
      repository.arriving().remove(this);
    }
    try {
      if (channel != null) {
        channel.close();
      }
    } catch (IOException e) {
      log.warn("a file is left open: {}", e.toString());
    }
    if (file != null && repository != null) {
      repository.folder().discard(file);
    }
  }

  private static GymException invalid(String message) {
    return new GymException(Kind.INVALID_ARGUMENT, message);
  }
}
