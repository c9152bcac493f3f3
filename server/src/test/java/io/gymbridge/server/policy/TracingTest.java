package io.gymbridge.server.policy;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.MetadataUtils;
import io.gymbridge.client.RemotePolicy;
import io.gymbridge.core.NdArray;
import io.gymbridge.policies.TestBundles;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.proto.v1.PolicyServiceGrpc;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.opentelemetry.api.common.AttributeKey;
import io.opentelemetry.api.trace.SpanId;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.propagation.ContextPropagators;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TracingTest {
  private static final NdArray ROWS = NdArray.of(new float[] {1, 1, 2, 2}, 2, 2);

  @TempDir private Path folder = Path.of("");
  private final InMemorySpanExporter spans = InMemorySpanExporter.create();
  private final OpenTelemetrySdk telemetry =
      OpenTelemetrySdk.builder()
          .setTracerProvider(
              SdkTracerProvider.builder()
                  .addSpanProcessor(SimpleSpanProcessor.create(spans))
                  .build())
          .setPropagators(ContextPropagators.create(W3CTraceContextPropagator.getInstance()))
          .build();

  private Repository repository;
  private PolicyServer server;

  @BeforeEach
  void serve() throws IOException {
    TestBundles.times(2).write(folder.resolve("times").resolve("1.zip"));
    repository = Repository.open(folder, PublishGate.OPEN);
    server =
        PolicyServer.start(
            "127.0.0.1:0", repository, PolicyServerOptions.DEFAULTS.withTelemetry(telemetry));
  }

  @AfterEach
  void close() {
    server.close();
    repository.close();
    telemetry.close();
  }

  private List<SpanData> named(String name) {
    return spans.getFinishedSpanItems().stream()
        .filter(span -> span.getName().equals(name))
        .toList();
  }

  @Test
  void a_call_is_traced_below_its_callers_span_and_its_question_below_that() {
    String trace = "0af7651916cd43dd8448eb211c80319c";
    String caller = "b7ad6b7169203331";
    Metadata headers = new Metadata();
    headers.put(
        Metadata.Key.of("traceparent", Metadata.ASCII_STRING_MARSHALLER),
        "00-%s-%s-01".formatted(trace, caller));
    ManagedChannel channel = Channels.open(Address.parse(server.address()));
    try {
      var policies =
          PolicyServiceGrpc.newBlockingStub(channel)
              .withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
      var codec =
          new io.gymbridge.transport.ValueCodec(TestBundles.times(2).manifest().observationSpace());
      var unused =
          policies.act(
              ActRequest.newBuilder()
                  .setBatchSize(2)
                  .setObservations(codec.encode(ROWS, 2, "observations"))
                  .build());
      assertThrows(
          StatusRuntimeException.class, () -> policies.act(ActRequest.getDefaultInstance()));
    } finally {
      channel.shutdownNow();
    }
    List<SpanData> calls = named("gymbridge.v1.PolicyService/Act");
    assertEquals(2, calls.size());
    for (SpanData call : calls) {
      assertEquals(trace, call.getTraceId());
      assertEquals(caller, call.getParentSpanId());
      assertEquals("Act", call.getAttributes().get(AttributeKey.stringKey("rpc.method")));
    }
    assertEquals(List.of(0L, 3L), calls.stream().map(TracingTest::status).toList());
    assertEquals(StatusCode.UNSET, calls.get(0).getStatus().getStatusCode());
    SpanData queue = named("queue").get(0);
    SpanData compute = named("compute").get(0);
    for (SpanData span : List.of(queue, compute)) {
      assertEquals(calls.get(0).getSpanId(), span.getParentSpanId());
      assertEquals("times", span.getAttributes().get(AttributeKey.stringKey("gymbridge.policy")));
      assertEquals("1", span.getAttributes().get(AttributeKey.stringKey("gymbridge.version")));
      assertEquals(2, span.getAttributes().get(AttributeKey.longKey("gymbridge.rows")));
      assertTrue(span.getStartEpochNanos() <= span.getEndEpochNanos());
    }
    assertEquals(queue.getEndEpochNanos(), compute.getStartEpochNanos());
    assertEquals(1, named("compute").size());
  }

  @Test
  void a_stream_is_one_call_with_many_questions() {
    try (RemotePolicy policy = RemotePolicy.connect(server.address() + "/times")) {
      for (int i = 0; i < 5; i++) {
        policy.act(ROWS, true);
      }
    }
    server.close();
    List<SpanData> streams = named("gymbridge.v1.PolicyService/ActStream");
    assertEquals(1, streams.size());
    assertEquals(SpanId.getInvalid(), streams.get(0).getParentSpanId());
    List<SpanData> computed = named("compute");
    assertEquals(5, computed.size());
    computed.forEach(span -> assertEquals(streams.get(0).getSpanId(), span.getParentSpanId()));
  }

  private static long status(SpanData call) {
    Long status = call.getAttributes().get(AttributeKey.longKey("rpc.grpc.status_code"));
    return status == null ? -1 : status;
  }
}
