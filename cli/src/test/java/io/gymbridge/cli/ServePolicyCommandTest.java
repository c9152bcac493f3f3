package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.grpc.ManagedChannel;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.gymbridge.client.RemotePolicy;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.policies.TestBundles;
import io.gymbridge.server.policy.RequestLog;
import io.gymbridge.transport.Address;
import io.gymbridge.transport.Channels;
import io.jhdf.HdfFile;
import io.jhdf.api.Dataset;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServePolicyCommandTest {
  @TempDir Path folder = Path.of("");

  private static String address(Process process) throws IOException {
    BufferedReader lines = process.inputReader();
    String line = lines.readLine();
    assertTrue(line != null && line.startsWith("gymbridge: listening on "), line);
    return line.substring("gymbridge: listening on ".length());
  }

  /** With the spaces of MountainCarContinuous-v0, but for the observations' bounds. */
  private Path policies() throws IOException {
    Path policies = Files.createDirectories(folder.resolve("policies/car"));
    TestBundles.network(2, 8, 1).write(policies.resolve("3.zip"));
    return folder.resolve("policies");
  }

  private static NdArray observation(int step) {
    return NdArray.of(new float[] {0.01f * step, -0.02f * step}, 1, 2);
  }

  @Test
  void logged_episodes_are_demonstrations_when_the_server_has_been_told_to_end() throws Exception {
    Path requests = folder.resolve("requests");
    Path errors = folder.resolve("errors");
    Process process =
        new ProcessBuilder(
                CommandRun.process(
                    "serve-policy",
                    policies().toString(),
                    "--address",
                    "unix:" + folder.resolve("p.sock"),
                    "--log-format",
                    "json",
                    "--log-requests",
                    requests.toString()))
            .redirectError(errors.toFile())
            .start();
    try {
      try (RemotePolicy policy = RemotePolicy.connect(address(process))) {
        for (int episode = 0; episode < 3; episode++) {
          for (int step = 0; step < 4 + episode; step++) {
            if (step == 0) {
              policy.beginEpisode();
            }
            var unused = policy.act(observation(step), false);
          }
        }
      }
      process.destroy();
      assertTrue(process.waitFor(60, TimeUnit.SECONDS));
    } finally {
      process.destroyForcibly();
    }
    String said = Files.readString(errors);
    assertTrue(said.contains("3 episodes with 15 observations written to"), said);
    assertTrue(said.contains("0 observations dropped"), said);
    String event =
        said.lines().filter(line -> line.contains("goes into service")).findFirst().orElseThrow();
    assertEquals("INFO", new ObjectMapper().readTree(event).get("level").asText());
    CommandRun demos =
        CommandRun.of(
            "demos", requests.resolve("car").toString(), "--env", "MountainCarContinuous-v0");
    assertEquals(Main.OK, demos.code(), demos.err());
    assertTrue(demos.out().contains("3 episodes, return unknown, length 4.0"), demos.out());
    try (HdfFile hdf = new HdfFile(requests.resolve("car/requests-v0/data/main_data.hdf5"))) {
      Dataset versions = hdf.getDatasetByPath("episode_0/infos/version");
      assertEquals("3", ((String[]) versions.getDataFlat())[0]);
      double[] logProbabilities =
          (double[]) hdf.getDatasetByPath("episode_0/infos/log_probability").getDataFlat();
      assertEquals(4, logProbabilities.length);
      assertTrue(Double.isFinite(logProbabilities[3]));
    }
  }

  @Test
  void server_that_is_told_to_end_lets_episodes_go_on_and_begins_none() throws Exception {
    Process process =
        CommandRun.start(
            "serve-policy", policies().toString(), "--address", "127.0.0.1:0", "--grace", "50");
    try {
      String address = address(process);
      ManagedChannel channel = Channels.open(Address.parse(address));
      try (RemotePolicy policy = RemotePolicy.connect(address)) {
        var health =
            HealthGrpc.newBlockingStub(channel)
                .watch(HealthCheckRequest.newBuilder().setService("car").build());
        assertEquals(ServingStatus.SERVING, health.next().getStatus());
        var unused = policy.act(observation(0), false);
        process.destroy();
        assertEquals(ServingStatus.NOT_SERVING, health.next().getStatus());
        unused = policy.act(observation(1), false);
        policy.beginEpisode();
        GymException refusal =
            assertThrows(GymException.class, () -> policy.act(observation(0), false));
        assertEquals(Kind.UNAVAILABLE, refusal.kind(), refusal.getMessage());
      }
      channel.shutdownNow();
      assertTrue(process.waitFor(40, TimeUnit.SECONDS), "it waits for nobody");
      assertEquals(128 + 15, process.exitValue());
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void what_would_exceed_the_bound_is_dropped_and_counted_and_ends_its_episode() throws Exception {
    Space space = Box.of(DType.FLOAT32, -1, 1, 2);
    NdArray row = NdArray.of(new float[] {0, 1}, 1, 2);
    // Two rows fit: the bound is looked at before each.
    RequestRecorder recorder = new RequestRecorder(folder, 1, 500);
    RequestLog.Episode episode = recorder.begin("twice", space, space);
    assertNotNull(episode);
    for (int i = 0; i < 5; i++) {
      episode.acted("1", row, row, 0, Double.NaN);
    }
    episode.end();
    recorder.close();
    assertEquals(new RequestLog.Counts(1, 2, 3), recorder.counts());
    assertTrue(Files.isRegularFile(folder.resolve("twice/requests-v0/data/metadata.json")));
    try (var left = Files.list(folder.resolve("twice"))) {
      assertEquals(1, left.count());
    }
  }

  @Test
  void share_of_the_episodes_is_chosen_evenly() {
    Space space = Box.of(DType.FLOAT32, -1, 1, 2);
    try (RequestRecorder recorder = new RequestRecorder(folder, 0.25, 1 << 20)) {
      int chosen = 0;
      for (int i = 0; i < 400; i++) {
        chosen += recorder.begin("twice", space, space) == null ? 0 : 1;
      }
      assertEquals(100, chosen, 1);
      assertNull(new RequestRecorder(folder, 0, 1).begin("twice", space, space));
    }
    assertFalse(Files.exists(folder.resolve("twice")));
  }
}
