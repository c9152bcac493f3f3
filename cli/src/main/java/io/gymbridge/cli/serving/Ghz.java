package io.gymbridge.cli.serving;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import io.gymbridge.cli.bench.SystemUnderTest;
import io.gymbridge.client.PythonServers;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.inference.ModelInferRequest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The load generator ghz, which calls ModelInfer; a process for each repetition. */
final class Ghz implements SystemUnderTest {
  private static final String PROGRAM = "ghz";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final String address;
  private final int callers;
  private final Path question;

  /**
   * Callers on one connection, as ghz does by itself.
   *
   * @throws GymException UNAVAILABLE where there is no ghz
   */
  Ghz(String address, int callers) {
    this.address = address;
    this.callers = callers;
    boolean found =
        List.of(System.getenv().getOrDefault("PATH", "").split(java.io.File.pathSeparator)).stream()
            .anyMatch(folder -> Files.isExecutable(Path.of(folder, PROGRAM)));
    if (!found) {
      throw new GymException(
          Kind.UNAVAILABLE,
          "no ghz on the PATH: `go install github.com/bojand/ghz/cmd/ghz@latest` installs it");
    }
    try {
      question = Files.write(Files.createTempFile("gymbridge-question", ".bin"), question());
    } catch (IOException e) {
      throw new GymException(Kind.UNAVAILABLE, "no question for ghz: " + e.getMessage(), null, e);
    }
  }

  @Override
  public Map<String, Double> run(double seconds) {
    JsonNode report = call(seconds);
    Map<String, Double> figures = new LinkedHashMap<>();
    int answered = report.path("statusCodeDistribution").path("OK").asInt();
    double total = report.path("total").asDouble() / 1e9;
    if (answered == 0 || total == 0) {
      throw new GymException(
          Kind.UNAVAILABLE, "ghz got no answer: " + report.path("errorDistribution"));
    }
    figures.put(ClosedLoop.RATE, answered / total);
    for (JsonNode each : report.path("latencyDistribution")) {
      if (each.path("percentage").asInt() == 50 || each.path("percentage").asInt() == 99) {
        figures.put(
            "us_p" + each.path("percentage").asInt(), each.path("latency").asDouble() / 1e3);
      }
    }
    return figures;
  }

  private JsonNode call(double seconds) {
    Path protos = PythonServers.home().resolve("proto").resolve("src/main/proto");
    List<String> command = new ArrayList<>(List.of(PROGRAM, "--insecure"));
    command.addAll(List.of("--import-paths", protos.toString()));
    command.addAll(List.of("--proto", protos.resolve("inference/grpc_service.proto").toString()));
    command.addAll(List.of("--call", "inference.GRPCInferenceService.ModelInfer"));
    command.addAll(List.of("--binary-file", question.toString()));
    command.addAll(List.of("--concurrency", String.valueOf(callers)));
    command.addAll(List.of("--duration", (long) (seconds * 1000) + "ms"));
    command.addAll(List.of("--duration-stop", "wait", "--format", "json", address));
    try {
      Process process =
          new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new GymException(Kind.UNAVAILABLE, "ghz failed: " + output.strip());
      }
      return JSON.readTree(output);
    } catch (IOException e) {
      throw new GymException(Kind.UNAVAILABLE, "ghz failed: " + e.getMessage(), null, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new GymException(Kind.UNAVAILABLE, "interrupted", null, e);
    }
  }

  /** Serialized, so that ghz does not turn JSON into a message for each call. */
  private static byte[] question() {
    return ModelInferRequest.newBuilder()
        .setModelName(BenchPolicy.NAME)
        .addInputs(
            ModelInferRequest.InferInputTensor.newBuilder()
                .setName("observations")
                .setDatatype("FP32")
                .addShape(1)
                .addShape(BenchPolicy.INPUTS))
        .addRawInputContents(ByteString.copyFrom(BenchPolicy.OBSERVATION.data()))
        .build()
        .toByteArray();
  }

  @Override
  public void close() {
    question.toFile().delete();
  }
}
