package io.gymbridge.cli;

import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import io.opentelemetry.sdk.autoconfigure.spi.ConfigurationException;
import java.util.Map;

/** Sends traces where OpenTelemetry's environment variables say. */
final class Traces implements AutoCloseable {
  /** What holds where the environment says nothing else. */
  private static final Map<String, String> DEFAULTS =
      Map.of(
          "otel.service.name", "gymbridge",
          "otel.exporter.otlp.protocol", "http/protobuf",
          "otel.metrics.exporter", "none",
          "otel.logs.exporter", "none");

  private final OpenTelemetrySdk sdk;

  private Traces(OpenTelemetrySdk sdk) {
    this.sdk = sdk;
  }

  static Traces start() {
    try {
      return new Traces(
          AutoConfiguredOpenTelemetrySdk.builder()
              .addPropertiesSupplier(() -> DEFAULTS)
              .disableShutdownHook()
              .build()
              .getOpenTelemetrySdk());
    } catch (ConfigurationException | IllegalStateException e) {
      throw new UserError("--tracing: OpenTelemetry cannot be set up: " + e.getMessage(), e);
    }
  }

  OpenTelemetry telemetry() {
    return sdk;
  }

  /** Sends what has not been sent. */
  @Override
  public void close() {
    sdk.close();
  }
}
