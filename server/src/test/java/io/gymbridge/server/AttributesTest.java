package io.gymbridge.server;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.gymbridge.client.RemoteVectorEnv;
import io.gymbridge.client.SessionOptions;
import io.gymbridge.core.Attributes;
import io.gymbridge.core.Box;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.DictValue;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvSpec;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Space;
import io.gymbridge.core.TimeLimit;
import io.gymbridge.core.Value;
import io.gymbridge.proto.v1.ListEnvironmentsRequest;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/** Attributes of Java environments, from Java. */
class AttributesTest {

  /** A goal environment, with attributes of all kinds. */
  private static final class GoalEnv implements Env {
    private static final Box PLACE = Box.of(DType.FLOAT32, -1, 1, 1);
    private static final NdArray HERE = NdArray.of(new float[1], 1);
    private double speed = 1;

    @Override
    public EnvSpec spec() {
      Map<String, Space> parts = new LinkedHashMap<>();
      for (String name : List.of("observation", "achieved_goal", "desired_goal")) {
        parts.put(name, PLACE);
      }
      return new EnvSpec(
          "Goal", new Dict(parts), new Discrete(2), 5, OptionalDouble.empty(), Map.of());
    }

    private static Value observation() {
      return new DictValue(
          Map.of("observation", HERE, "achieved_goal", HERE, "desired_goal", HERE));
    }

    @Override
    public Reset reset(@Nullable Long seed, Map<String, ?> options) {
      return new Reset(observation(), Map.of());
    }

    @Override
    public Step step(Value action) {
      return new Step(observation(), speed, false, false, Map.of());
    }

    @Override
    public Attributes attributes() {
      return new Attributes()
          .real("speed", () -> speed, value -> speed = value)
          .method("nothing", (args, kwargs) -> null)
          .method("echo", (args, kwargs) -> List.of(args, kwargs))
          .method("thing", (args, kwargs) -> new Object())
          .method(
              "fail",
              (args, kwargs) -> {
                throw new IllegalStateException("this method always fails");
              })
          .readOnly("_secret", () -> 1L)
          .readOnly("other", () -> 1L)
          .method("compute_reward", (args, kwargs) -> NdArray.of(new double[] {-1, 0}, 2));
    }

    @Override
    public @Nullable NdArray render() {
      return null;
    }

    @Override
    public void close() {}
  }

  private static Served served;

  @BeforeAll
  static void serve() {
    served =
        Served.of(
            ServeOptions.DEFAULTS.withWorkers(2),
            List.of(
                new ServedEnvironment(
                    "Goal",
                    kwargs -> new TimeLimit(new GoalEnv()),
                    List.of(),
                    List.of("speed", "nothing", "echo", "thing", "fail", "_secret"),
                    false)));
  }

  @AfterAll
  static void stop() {
    served.close();
  }

  private static RemoteVectorEnv open() {
    return RemoteVectorEnv.connect(
        served.address(), "Goal", SessionOptions.DEFAULTS.withNumEnvs(3));
  }

  private static void refused(Kind kind, String message, Executable request) {
    GymException refusal = assertThrows(GymException.class, request);
    assertEquals(kind, refusal.kind());
    assertTrue(String.valueOf(refusal.getMessage()).contains(message), refusal.getMessage());
  }

  private static Object call(RemoteVectorEnv env, String name, Object... args) {
    return env.call(name, List.of(args), Map.of());
  }

  @Test
  void attributes_are_read_and_set_lane_by_lane() {
    try (RemoteVectorEnv env = open()) {
      env.reset(1);
      assertEquals(List.of(1.0, 1.0, 1.0), env.getAttribute("speed"));
      env.setAttribute("speed", List.of(2.0, 3.0, 4.0));
      assertEquals(List.of(4.0, 2.0), env.getAttribute("speed", 2, 0));
      assertEquals(2.0 + 3.0 + 4.0, sum(env.step(NdArray.of(new long[3], 3)).rewards()));
      env.setAttribute("speed", List.of(5.0));
      assertEquals(List.of(5.0, 5.0, 5.0), env.getAttribute("speed"));
    }
  }

  private static double sum(double[] values) {
    return Arrays.stream(values).sum();
  }

  @Test
  void methods_are_called_with_their_arguments() {
    try (RemoteVectorEnv env = open()) {
      List<Object> echo = List.of(List.of(7L), Map.of("x", "y"));
      assertEquals(List.of(echo), env.call("echo", List.of(7), Map.of("x", "y"), 1));
      assertNull(env.call("nothing", List.of(), Map.of(), 0).get(0));
    }
  }

  @Test
  void method_that_throws_leaves_the_lanes_as_they_are() {
    try (RemoteVectorEnv env = open()) {
      env.reset(1);
      refused(Kind.ENVIRONMENT, "this method always fails", () -> call(env, "fail"));
      assertEquals(3, env.step(NdArray.of(new long[3], 3)).rewards().length);
    }
  }

  @Test
  void names_that_the_server_does_not_allow_are_refused_with_the_option() {
    try (RemoteVectorEnv env = open()) {
      refused(Kind.PERMISSION_DENIED, "--allow-attributes other", () -> call(env, "other"));
      refused(Kind.PERMISSION_DENIED, "leading underscore", () -> call(env, "_secret"));
      refused(
          Kind.PERMISSION_DENIED,
          "not allowed",
          () -> env.setAttribute("compute_reward", List.of(1)));
    }
  }

  @Test
  void wrong_values_arguments_and_results_say_what_is_wrong() {
    try (RemoteVectorEnv env = open()) {
      refused(
          Kind.INVALID_ARGUMENT, "finite number", () -> env.setAttribute("speed", List.of("x")));
      refused(Kind.INVALID_ARGUMENT, "takes no arguments", () -> call(env, "speed", 1));
      refused(Kind.UNIMPLEMENTED, "thing gave what cannot be sent", () -> call(env, "thing"));
    }
  }

  @Test
  void rewards_of_goal_environments_may_always_be_computed() {
    try (RemoteVectorEnv env = open()) {
      NdArray goals = NdArray.of(new float[2], 2, 1);
      assertEquals(
          List.of(NdArray.of(new double[] {-1, 0}, 2)),
          env.call("compute_reward", List.of(goals, goals, List.of()), Map.of(), 0));
    }
  }

  @Test
  void list_names_the_attributes() {
    try (Client client = new Client(served.address())) {
      assertEquals(
          List.of("speed", "nothing", "echo", "thing", "fail", "_secret"),
          client
              .stub
              .listEnvironments(ListEnvironmentsRequest.getDefaultInstance())
              .getEnvironments(0)
              .getAllowedAttributesList());
      assertTrue(client.open(1).getCapabilitiesList().contains("compute_reward"));
    }
  }
}
