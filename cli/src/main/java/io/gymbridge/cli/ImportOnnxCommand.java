package io.gymbridge.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.Space;
import io.gymbridge.core.Tuple;
import io.gymbridge.core.TupleValue;
import io.gymbridge.core.Value;
import io.gymbridge.core.VectorEnv;
import io.gymbridge.data.NpyArray;
import io.gymbridge.policies.OnnxImport;
import io.gymbridge.policies.PolicyBundle;
import io.gymbridge.policies.Role;
import io.gymbridge.policies.Signature;
import io.gymbridge.policies.SpaceJson;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a bundle of an ONNX graph. */
@Command(
    name = "import-onnx",
    mixinStandardHelpOptions = true,
    description = {
      "Makes a policy bundle of an ONNX graph that something else exported, after checking that it",
      "fits the spaces. What the names do not tell is asked for; see docs/bundles.md."
    },
    footer = {
      "",
      "Examples:",
      "  gymbridge import-onnx ppo.onnx --env CartPole-v1 --output value=values --out policy.zip",
      "  gymbridge import-onnx sac.onnx --env Pendulum-v1 --rescale --out policy.zip",
      "  gymbridge import-onnx lstm.onnx --env CartPole-v1 --state h=h_next --state c=c_next --out policy.zip"
    })
final class ImportOnnxCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MODEL.onnx", description = "The graph, with its weights in it.")
  Path model = Path.of("");

  @Option(
      names = "--env",
      paramLabel = "ID",
      description = "The environment it acts in, which says the spaces; or give these.")
  @Nullable String env;

  @Option(
      names = "--env-address",
      paramLabel = "ADDRESS",
      description = "Where the environment is served, as for `gymbridge evaluate`.")
  @Nullable String address;

  @Option(
      names = "--observation-space",
      paramLabel = "JSON",
      description = "The space of observations as in a bundle's manifest, or a file that has it.")
  @Nullable String observationSpace;

  @Option(
      names = "--action-space",
      paramLabel = "JSON",
      description = "The space of actions, likewise.")
  @Nullable String actionSpace;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "FILE",
      description = "The bundle, a .zip; replaced if it is there.")
  Path out = Path.of("");

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "What the bundle calls itself. Default: the graph's file.")
  @Nullable String name;

  @Option(
      names = "--input",
      paramLabel = "KEY=NAME",
      description =
          "The graph's input for a part of the observation space (parts of parts: KEY/KEY); NAME alone where it is a "
              + "single array.")
  List<String> inputs = new ArrayList<>();

  @Option(
      names = "--output",
      paramLabel = "ROLE=NAME",
      description =
          "The graph's output for a role: actions, mean, log_std, logits, q_values or value.")
  Map<String, String> outputs = new LinkedHashMap<>();

  @Option(
      names = "--state",
      paramLabel = "IN=OUT",
      description =
          "A recurrent state: the input, and the output that is the next step's input; zero where an episode begins.")
  Map<String, String> states = new LinkedHashMap<>();

  @Option(
      names = "--batch-axis",
      paramLabel = "0|1",
      description =
          "Which dimension of the states is the batch's. Default: the one that the graph leaves open.")
  @Nullable Integer batchAxis;

  @Option(
      names = "--episode-starts",
      paramLabel = "NAME",
      description =
          "The input that is 1 where an episode begins. Default: episode_starts, where there is one.")
  @Nullable String episodeStarts;

  @Option(
      names = "--rescale",
      description =
          "The graph's actions lie in [-1, 1] and are to be scaled to the action space, as those of SAC and TD3 are.")
  boolean rescale;

  @Option(
      names = "--observations",
      paramLabel = "FILE.npz",
      description =
          "Real observations to record the graph's actions for: an array `observations`, or one for each part by its "
              + "KEY. For a recurrent policy, those of one episode. Default: drawn from the space.")
  @Nullable Path observations;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Of the drawn observations. Default: ${DEFAULT-VALUE}.")
  long seed;

  private record Spaces(String id, Space observations, Space actions) {}

  @Mixin final CredentialOptions credentials = new CredentialOptions();

  @Override
  public Integer call() throws IOException {
    Outputs.checkWritable(out);
    if (!Files.isRegularFile(model)) {
      throw new UserError("no ONNX graph at " + model);
    }
    Spaces spaces = spaces();
    Map<Role, String> roles = new EnumMap<>(Role.class);
    outputs.forEach((role, output) -> roles.put(Role.of(role), output));
    OnnxImport importing =
        new OnnxImport(
            spaces.observations(),
            spaces.actions(),
            keyed(inputs),
            roles,
            states,
            batchAxis,
            episodeStarts,
            rescale);
    Value given = observations == null ? null : read(observations, spaces.observations());
    String called = name == null ? model.getFileName().toString().replace(".onnx", "") : name;
    PolicyBundle bundle =
        importing.bundle(Files.readAllBytes(model), called, spaces.id(), given, seed);
    bundle.write(out);
    report(bundle);
    return Main.OK;
  }

  private static Map<String, String> keyed(List<String> inputs) {
    Map<String, String> keyed = new LinkedHashMap<>();
    for (String input : inputs) {
      int equals = input.indexOf('=');
      keyed.put(equals < 0 ? "" : input.substring(0, equals), input.substring(equals + 1));
    }
    return keyed;
  }

  private Spaces spaces() throws IOException {
    if (env != null && observationSpace == null && actionSpace == null) {
      try (EnvironmentOptions options = new EnvironmentOptions()) {
        options.id = env;
        options.address = address;
        options.credentials = credentials;
        options.numEnvs = 1;
        try (VectorEnv opened = options.open()) {
          EnvSpec spec = opened.spec();
          return new Spaces(env, spec.observationSpace(), spec.actionSpace());
        }
      }
    }
    if (observationSpace == null || actionSpace == null) {
      throw new UserError("give --env ID, or both --observation-space and --action-space");
    }
    return new Spaces(env == null ? "" : env, space(observationSpace), space(actionSpace));
  }

  private static Space space(String jsonOrFile) throws IOException {
    String text = jsonOrFile.strip();
    String json = text.startsWith("{") ? text : Files.readString(Path.of(text));
    try {
      JsonNode parsed = Outputs.JSON.readTree(json);
      return SpaceJson.read(parsed);
    } catch (JsonProcessingException | IllegalArgumentException e) {
      throw new UserError("no space: " + json + ": " + e.getMessage(), e);
    }
  }

  private static Value read(Path file, Space space) {
    try (ZipFile npz = new ZipFile(file.toFile())) {
      return read(npz, space, "");
    } catch (IOException e) {
      throw new UserError("cannot read the observations in " + file + ": " + e.getMessage(), e);
    }
  }

  private static Value read(ZipFile npz, Space space, String path) throws IOException {
    String prefix = path.isEmpty() ? "" : path + "/";
    if (space instanceof Dict dict) {
      Map<String, Value> parts = new LinkedHashMap<>();
      for (Map.Entry<String, Space> part : dict.spaces().entrySet()) {
        parts.put(part.getKey(), read(npz, part.getValue(), prefix + part.getKey()));
      }
      return new DictValue(parts);
    }
    if (space instanceof Tuple tuple) {
      List<Value> parts = new ArrayList<>();
      for (int i = 0; i < tuple.spaces().size(); i++) {
        parts.add(read(npz, tuple.spaces().get(i), prefix + i));
      }
      return new TupleValue(parts);
    }
    String key = path.isEmpty() ? Signature.OBSERVATIONS : path;
    ZipEntry entry = npz.getEntry(key + ".npy");
    if (entry == null) {
      throw new IOException("it has no array \"" + key + "\"");
    }
    try (InputStream in = npz.getInputStream(entry)) {
      return NpyArray.read(in, entry.getSize());
    }
  }

  private void report(PolicyBundle bundle) {
    Signature signature = bundle.manifest().signature();
    System.out.printf("%s: %s%n", out, bundle.manifest().name());
    if (signature != null) {
      new TreeMap<>(signature.inputs())
          .forEach((key, input) -> print("input", input, "observations " + key));
      new TreeMap<>(signature.outputs())
          .forEach((role, output) -> print("output", output, role.jsonName()));
      for (Signature.State state : signature.states()) {
        print("input", state.input(), "state, batch axis " + state.batchAxis());
        print("output", state.output(), "the next \"" + state.input() + "\"");
      }
    }
    System.out.printf(
        "  %s; %d golden observations %s%n",
        bundle.manifest().stochastic() ? "can be sampled" : "deterministic",
        bundle.manifest().goldenObservations().batchSize(),
        observations == null ? "drawn from the space" : "from " + observations);
  }

  private static void print(String end, String name, String meaning) {
    System.out.printf("  %s \"%s\": %s%n", end, name, meaning.strip());
  }
}
