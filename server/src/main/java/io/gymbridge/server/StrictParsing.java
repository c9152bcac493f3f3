package io.gymbridge.server;

import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerMethodDefinition;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServiceDescriptor;
import io.grpc.Status;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/**
 * A service whose calls end with INVALID_ARGUMENT when they get bytes that are no message. By
 * itself grpc-java takes these for a defect of the server: it logs a stack trace for each and
 * answers UNKNOWN.
 */
final class StrictParsing {
  private StrictParsing() {}

  /**
   * A request, or what is wrong with it.
   *
   * @param <Q> the requests
   */
  private sealed interface Parsed<Q> {
    /** What came is a request. */
    record Good<Q>(Q request) implements Parsed<Q> {}

    /** What came is none. */
    record Malformed<Q>(int bytes) implements Parsed<Q> {}
  }

  static ServerServiceDefinition of(ServerServiceDefinition service) {
    List<ServerMethodDefinition<?, ?>> methods = new ArrayList<>();
    ServiceDescriptor.Builder descriptor =
        ServiceDescriptor.newBuilder(service.getServiceDescriptor().getName())
            .setSchemaDescriptor(service.getServiceDescriptor().getSchemaDescriptor());
    for (ServerMethodDefinition<?, ?> method : service.getMethods()) {
      ServerMethodDefinition<?, ?> strict = strict(method);
      methods.add(strict);
      descriptor.addMethod(strict.getMethodDescriptor());
    }
    ServerServiceDefinition.Builder builder = ServerServiceDefinition.builder(descriptor.build());
    methods.forEach(builder::addMethod);
    return builder.build();
  }

  private static <Q, A> ServerMethodDefinition<Parsed<Q>, A> strict(
      ServerMethodDefinition<Q, A> method) {
    MethodDescriptor<Q, A> descriptor = method.getMethodDescriptor();
    ServerCallHandler<Q, A> handler = method.getServerCallHandler();
    return ServerMethodDefinition.create(
        descriptor.toBuilder(
                new ParsedMarshaller<>(descriptor.getRequestMarshaller()),
                descriptor.getResponseMarshaller())
            .build(),
        (call, headers) -> start(call, headers, descriptor, handler));
  }

  private static <Q, A> ServerCall.Listener<Parsed<Q>> start(
      ServerCall<Parsed<Q>, A> call,
      Metadata headers,
      MethodDescriptor<Q, A> descriptor,
      ServerCallHandler<Q, A> handler) {
    ServerCall<Q, A> original = new OriginalCall<>(call, descriptor);
    return new Listener<>(call, handler.startCall(original, headers));
  }

  private record ParsedMarshaller<Q>(Marshaller<Q> original) implements Marshaller<Parsed<Q>> {
    @Override
    public InputStream stream(Parsed<Q> value) {
      throw new UnsupportedOperationException("a server sends no requests");
    }

    @Override
    public Parsed<Q> parse(InputStream stream) {
      int bytes = available(stream);
      try {
        return new Parsed.Good<>(original.parse(stream));
      } catch (RuntimeException e) {
        return new Parsed.Malformed<>(bytes);
      }
    }

    private static int available(InputStream stream) {
      try {
        return stream.available();
      } catch (IOException e) {
        return 0;
      }
    }
  }

  /** The call as the service knows it. */
  private static final class OriginalCall<Q, A> extends ServerCall<Q, A> {
    private final ServerCall<Parsed<Q>, A> call;
    private final MethodDescriptor<Q, A> descriptor;

    OriginalCall(ServerCall<Parsed<Q>, A> call, MethodDescriptor<Q, A> descriptor) {
      this.call = call;
      this.descriptor = descriptor;
    }

    @Override
    public void request(int messages) {
      call.request(messages);
    }

    @Override
    public void sendHeaders(Metadata headers) {
      call.sendHeaders(headers);
    }

    @Override
    public void sendMessage(A message) {
      call.sendMessage(message);
    }

    @Override
    public boolean isReady() {
      return call.isReady();
    }

    @Override
    public void close(Status status, Metadata trailers) {
      call.close(status, trailers);
    }

    @Override
    public boolean isCancelled() {
      return call.isCancelled();
    }

    @Override
    public void setOnReadyThreshold(int bytes) {
      call.setOnReadyThreshold(bytes);
    }

    @Override
    public void setMessageCompression(boolean enabled) {
      call.setMessageCompression(enabled);
    }

    @Override
    public void setCompression(String compressor) {
      call.setCompression(compressor);
    }

    @Override
    public MethodDescriptor<Q, A> getMethodDescriptor() {
      return descriptor;
    }
  }

  /** Hands on what is good, and ends the call at what is not. */
  private static final class Listener<Q, A> extends ServerCall.Listener<Parsed<Q>> {
    private final ServerCall<Parsed<Q>, A> call;
    private final ServerCall.Listener<Q> original;
    private boolean ended;

    Listener(ServerCall<Parsed<Q>, A> call, ServerCall.Listener<Q> original) {
      this.call = call;
      this.original = original;
    }

    @Override
    public void onMessage(Parsed<Q> parsed) {
      if (ended) {
        return;
      }
      if (parsed instanceof Parsed.Good<Q> good) {
        original.onMessage(good.request());
      } else if (parsed instanceof Parsed.Malformed<Q> malformed) {
        ended = true;
        // The service must not answer any more.
        original.onCancel();
        call.close(
            Status.INVALID_ARGUMENT.withDescription(
                "got %d bytes that are no request of %s"
                    .formatted(malformed.bytes(), call.getMethodDescriptor().getBareMethodName())),
            new Metadata());
      }
    }

    @Override
    public void onHalfClose() {
      if (!ended) {
        original.onHalfClose();
      }
    }

    @Override
    public void onCancel() {
      if (!ended) {
        original.onCancel();
      }
    }

    @Override
    public void onComplete() {
      if (!ended) {
        original.onComplete();
      }
    }

    @Override
    public void onReady() {
      if (!ended) {
        original.onReady();
      }
    }
  }
}
