package io.gymbridge.transport;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.DebugInfo;
import com.google.rpc.Status;
import io.grpc.Status.Code;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.jspecify.annotations.Nullable;

/**
 * Failures on the wire: {@link GymException} on one side, {@code google.rpc.Status} on the other,
 * be it the end of a call or an answer within a stream. Stateless.
 *
 * <p>What an environment or a policy raised travels as UNKNOWN with its traceback in a {@code
 * google.rpc.DebugInfo}; every other kind has a code of its own name.
 */
public final class Statuses {
  /** Of a message, or a stack trace, at the end of a call. */
  private static final int MAX_TRAILER_BYTES = 2000;

  private Statuses() {}

  /** The status that says what an exception says; one that is no GymException is INTERNAL. */
  public static Status encode(Throwable failure) {
    if (!(failure instanceof GymException gym)) {
      return status(Code.INTERNAL, "a defect in gymbridge: " + failure, stackTrace(failure));
    }
    String traceback = gym.traceback().orElse(null);
    String message = gym.getMessage();
    if (traceback != null && message.endsWith("\n" + traceback.strip())) {
      message = message.substring(0, message.length() - traceback.strip().length() - 1);
    }
    return status(code(gym.kind()), message, traceback);
  }

  /**
   * The same as the exception that ends a call. Message and stack trace are cut where they are
   * long: they travel in the call's trailers, and a client that takes no more than 8 KiB of these
   * would see neither.
   */
  public static StatusRuntimeException toException(Throwable failure) {
    Status status = encode(failure);
    Status.Builder brief = status.toBuilder().setMessage(cut(status.getMessage()));
    brief.clearDetails();
    String traceback = traceback(status);
    if (traceback != null) {
      brief.addDetails(debugInfo(cut(traceback)));
    }
    return StatusProto.toStatusRuntimeException(brief.build());
  }

  /** The beginning of a text, as much as takes {@link #MAX_TRAILER_BYTES} in a trailer. */
  private static String cut(String text) {
    int bytes = 0;
    for (int i = 0; i < text.length(); i++) {
      // What is not ASCII is percent-encoded, each of its three bytes at most.
      bytes += text.charAt(i) >= ' ' && text.charAt(i) < 0x7F && text.charAt(i) != '%' ? 1 : 9;
      if (bytes > MAX_TRAILER_BYTES) {
        return text.substring(0, Character.isLowSurrogate(text.charAt(i)) ? i - 1 : i) + "…";
      }
    }
    return text;
  }

  /** What an environment or policy of this process threw, with its stack trace. */
  public static GymException raised(String who, Throwable failure) {
    return new GymException(
        Kind.ENVIRONMENT, who + " raised " + failure, stackTrace(failure), failure);
  }

  /** The exception for an answer that is an error. */
  public static GymException decode(Status status) {
    return decode(status, null);
  }

  /** The exception for a call that failed. */
  public static GymException decode(Throwable failure) {
    if (failure instanceof GymException gym) {
      return gym;
    }
    if (failure instanceof StatusRuntimeException || failure instanceof StatusException) {
      Status rich = StatusProto.fromThrowable(failure);
      if (rich != null) {
        return decode(rich, failure);
      }
    }
    return new GymException(Kind.INTERNAL, String.valueOf(failure), null, failure);
  }

  private static GymException decode(Status status, @Nullable Throwable cause) {
    Code code = io.grpc.Status.fromCodeValue(status.getCode()).getCode();
    String traceback = traceback(status);
    String message = status.getMessage().isEmpty() ? code.toString() : status.getMessage();
    return new GymException(kind(code), message, traceback, cause);
  }

  private static @Nullable String traceback(Status status) {
    for (Any detail : status.getDetailsList()) {
      if (detail.is(DebugInfo.class)) {
        return traceback(detail);
      }
    }
    return null;
  }

  private static @Nullable String traceback(Any detail) {
    try {
      DebugInfo info = detail.unpack(DebugInfo.class);
      return info.getStackEntriesCount() == 0
          ? info.getDetail()
          : String.join("\n", info.getStackEntriesList());
    } catch (InvalidProtocolBufferException e) {
      return null;
    }
  }

  private static Status status(Code code, String message, @Nullable String traceback) {
    Status.Builder status = Status.newBuilder().setCode(code.value()).setMessage(message);
    if (traceback != null) {
      status.addDetails(debugInfo(traceback));
    }
    return status.build();
  }

  private static Any debugInfo(String traceback) {
    return Any.pack(DebugInfo.newBuilder().addAllStackEntries(traceback.lines().toList()).build());
  }

  /** The status that a failure of this kind becomes. */
  public static Code code(Kind kind) {
    return switch (kind) {
      case INVALID_ARGUMENT -> Code.INVALID_ARGUMENT;
      case FAILED_PRECONDITION -> Code.FAILED_PRECONDITION;
      case NOT_FOUND -> Code.NOT_FOUND;
      case PERMISSION_DENIED -> Code.PERMISSION_DENIED;
      case RESOURCE_EXHAUSTED -> Code.RESOURCE_EXHAUSTED;
      case ENVIRONMENT -> Code.UNKNOWN;
      case UNAVAILABLE -> Code.UNAVAILABLE;
      case DEADLINE_EXCEEDED -> Code.DEADLINE_EXCEEDED;
      case UNIMPLEMENTED -> Code.UNIMPLEMENTED;
      case INTERNAL -> Code.INTERNAL;
    };
  }

  static Kind kind(Code code) {
    return switch (code) {
      case INVALID_ARGUMENT, OUT_OF_RANGE -> Kind.INVALID_ARGUMENT;
      case FAILED_PRECONDITION, ABORTED, ALREADY_EXISTS -> Kind.FAILED_PRECONDITION;
      case NOT_FOUND -> Kind.NOT_FOUND;
      case PERMISSION_DENIED, UNAUTHENTICATED -> Kind.PERMISSION_DENIED;
      case RESOURCE_EXHAUSTED -> Kind.RESOURCE_EXHAUSTED;
      case UNKNOWN -> Kind.ENVIRONMENT;
      case UNAVAILABLE, CANCELLED -> Kind.UNAVAILABLE;
      case DEADLINE_EXCEEDED -> Kind.DEADLINE_EXCEEDED;
      case UNIMPLEMENTED -> Kind.UNIMPLEMENTED;
      case OK, INTERNAL, DATA_LOSS -> Kind.INTERNAL;
    };
  }

  private static String stackTrace(Throwable failure) {
    StringWriter text = new StringWriter();
    failure.printStackTrace(new PrintWriter(text));
    return text.toString();
  }
}
