package io.gymbridge.server.policy;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.ForwardingServerCallListener.SimpleForwardingServerCallListener;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.context.propagation.TextMapPropagator;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * OpenTelemetry's spans: one for each call, below the caller's where it sent one, with the
 * attributes of OpenTelemetry's conventions for RPC; and below that, for each question that was
 * computed, how long it waited ({@code queue}) and how long its batch was computed ({@code
 * compute}). A stream is one call. Nothing that was asked or answered is in them. Thread-safe.
 */
final class Tracing implements ServerInterceptor {
  private static final Logger log = LoggerFactory.getLogger(Tracing.class);
  private static final Context.Key<Call> CALL = Context.key("gymbridge-trace");

  private static final TextMapGetter<Metadata> HEADERS =
      new TextMapGetter<>() {
        @Override
        @SuppressWarnings("deprecation") // It has to be there still.
        public Iterable<String> keys(Metadata headers) {
          return headers.keys();
        }

        @Override
        public @Nullable String get(@Nullable Metadata headers, String name) {
          return Objects.requireNonNull(headers)
              .get(Metadata.Key.of(name, Metadata.ASCII_STRING_MARSHALLER));
        }
      };

  private final Tracer tracer;
  private final TextMapPropagator propagator;

  /** A call's span, and what makes others below it. */
  private record Call(Span span, Tracer tracer) {
    /** Times are in nanoseconds since 1970. */
    void below(String name, Ask ask, long begin, long end, int batchRows) {
      tracer
          .spanBuilder(name)
          .setParent(io.opentelemetry.context.Context.root().with(span))
          .setStartTimestamp(begin, TimeUnit.NANOSECONDS)
          .setAttribute("gymbridge.policy", ask.version().policy())
          .setAttribute("gymbridge.version", ask.version().name())
          .setAttribute("gymbridge.rows", (long) ask.rows())
          .setAttribute("gymbridge.batch.rows", (long) batchRows)
          .startSpan()
          .end(end, TimeUnit.NANOSECONDS);
    }
  }

  Tracing(OpenTelemetry telemetry) {
    this.tracer = telemetry.getTracer("io.gymbridge.server");
    this.propagator = telemetry.getPropagators().getTextMapPropagator();
  }

  /** Tells of questions that were computed together; times are {@link System#nanoTime}'s. */
  static void computed(List<Ask> batch, long began, long ended) {
    try {
      long offset = 0;
      int rows = 0;
      for (Ask ask : batch) {
        Call call = CALL.get(ask.context());
        if (call != null && call.span().isRecording()) {
          if (rows == 0) {
            rows = batch.stream().mapToInt(Ask::rows).sum();
            offset = epochNanos() - System.nanoTime();
          }
          call.below("queue", ask, ask.arrived() + offset, began + offset, rows);
          call.below("compute", ask, began + offset, ended + offset, rows);
        }
      }
    } catch (RuntimeException e) {
      // Whatever becomes of traces, answers go on.
      log.warn("a question cannot be traced: {}", e.toString());
    }
  }

  private static long epochNanos() {
    Instant now = Instant.now();
    return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    MethodDescriptor<Q, A> method = call.getMethodDescriptor();
    Span span =
        tracer
            .spanBuilder(method.getFullMethodName())
            .setSpanKind(SpanKind.SERVER)
            .setParent(
                propagator.extract(io.opentelemetry.context.Context.root(), headers, HEADERS))
            .setAttribute("rpc.system", "grpc")
            .setAttribute("rpc.service", String.valueOf(method.getServiceName()))
            .setAttribute("rpc.method", String.valueOf(method.getBareMethodName()))
            .startSpan();
    ServerCall<Q, A> traced =
        new SimpleForwardingServerCall<>(call) {
          @Override
          public void close(Status status, Metadata trailers) {
            end(span, status);
            super.close(status, trailers);
          }
        };
    ServerCall.Listener<Q> listener =
        Contexts.interceptCall(
            Context.current().withValue(CALL, new Call(span, tracer)), traced, headers, next);
    return new SimpleForwardingServerCallListener<>(listener) {
      @Override
      public void onCancel() {
        end(span, Status.CANCELLED);
        super.onCancel();
      }
    };
  }

  /** Ending a span twice is allowed: the first end counts. */
  private static void end(Span span, Status status) {
    if (!span.isRecording()) {
      return;
    }
    span.setAttribute("rpc.grpc.status_code", (long) status.getCode().value());
    switch (status.getCode()) {
      // What OpenTelemetry calls errors of the server; the others are the caller's.
      case UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS ->
          span.setStatus(StatusCode.ERROR, String.valueOf(status.getDescription()));
      default -> {}
    }
    span.end();
  }
}
