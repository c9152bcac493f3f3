package io.gymbridge.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.gymbridge.cli.bench.PeerPython;
import io.gymbridge.client.PythonServers;
import io.gymbridge.policies.PolicyBundle;
import io.gymbridge.policies.TestBundles;
import io.gymbridge.server.policy.PolicyServer;
import io.gymbridge.server.policy.PolicyServerOptions;
import io.gymbridge.server.policy.PublishGate;
import io.gymbridge.server.policy.Repository;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The policy server and clients that others have made for the Open Inference Protocol: the suites
 * in {@code src/test/python}, each in a virtual environment of its own.
 */
class OpenInferenceClientsTest {
  @TempDir private Path folder = Path.of("");

  @Test
  void tritons_client_finds_all_that_it_asks_for() throws Exception {
    run("tritonclient");
  }

  @Test
  void kserves_client_finds_all_that_it_asks_for() throws Exception {
    run("kserve");
  }

  private void run(String client) throws IOException, InterruptedException {
    write(TestBundles.times(1), "times", "1");
    write(TestBundles.times(2), "times", "2");
    Files.writeString(
        folder.resolve("times").resolve("serving.json"),
        "{\"latest\": 2, \"labels\": {\"stable\": \"1\"}}");
    write(TestBundles.times(5), "spare", "1");
    write(TestBundles.network(17, 64, 6), "network", "1");
    write(TestBundles.choices(), "choices", "1");
    write(TestBundles.recurrent(), "lstm", "1");
    PolicyServerOptions options = PolicyServerOptions.DEFAULTS.withAllowPublish(true);
    Path suites =
        PythonServers.home().resolve("cli").resolve("src").resolve("test").resolve("python");
    try (Repository repository = Repository.open(folder, PublishGate.OPEN);
        PolicyServer server = PolicyServer.start("127.0.0.1:0", repository, options)) {
      ProcessBuilder suite =
          new ProcessBuilder(
                  PeerPython.interpreter(suites.resolve(client + ".txt")),
                  suites.resolve(client + "_suite.py").toString())
              .redirectErrorStream(true);
      suite.environment().put("GYMBRIDGE_POLICY_SERVER", server.address());
      suite
          .environment()
          .put(
              "GYMBRIDGE_LSTM",
              PythonServers.home()
                  .resolve("testdata")
                  .resolve("onnx")
                  .resolve("lstm.json")
                  .toString());
      Process process = suite.start();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(0, process.waitFor(), output);
    }
  }

  private void write(PolicyBundle bundle, String policy, String version) throws IOException {
    Files.createDirectories(folder.resolve(policy));
    bundle.write(folder.resolve(policy).resolve(version + ".zip"));
  }
}
