package io.gymbridge.server.policy;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.policies.Question;
import io.gymbridge.proto.inference.InferParameter;
import io.gymbridge.proto.inference.ModelInferRequest;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a request's parameters say of how to act.
 *
 * @param deterministic what {@code deterministic} says; else true, unless there is a seed
 * @param draw what {@code seed} and {@code step} say; null without a seed
 * @param patience what {@code timeout} says, in nanoseconds; as of an {@link Ask}
 */
record InferenceWishes(boolean deterministic, Question.@Nullable Draw draw, long patience) {
  private static final InferenceWishes NONE = new InferenceWishes(true, null, Ask.ENDLESS);

  /**
   * The wishes of a request.
   *
   * @throws GymException INVALID_ARGUMENT for parameters of another kind than theirs
   */
  static InferenceWishes of(ModelInferRequest request) {
    if (request.getParametersCount() == 0) {
      return NONE;
    }
    Map<String, InferParameter> parameters = request.getParametersMap();
    Long seed = integer(parameters, "seed");
    Long step = integer(parameters, "step");
    boolean deterministic = flag(parameters, "deterministic", seed == null);
    if (step != null && seed == null) {
      throw new GymException(
          Kind.INVALID_ARGUMENT,
          "got the parameter step and no seed, expected both: together they name a sample");
    }
    return new InferenceWishes(
        deterministic,
        seed == null ? null : new Question.Draw(seed, step == null ? 0 : step),
        patience(parameters));
  }

  /** As Triton has it: in µs, and 0 for none. */
  private static long patience(Map<String, InferParameter> parameters) {
    Long timeout = integer(parameters, "timeout");
    if (timeout == null || timeout == 0) {
      return Ask.ENDLESS;
    }
    InferParameter given = parameters.get("timeout");
    if (timeout < 0 && given != null && given.hasUint64Param()) {
      // Beyond what a long holds, which is beyond anybody's patience.
      return Ask.ENDLESS;
    }
    if (timeout < 0) {
      throw new GymException(
          Kind.INVALID_ARGUMENT, "got a timeout of %d µs, expected 0 or more".formatted(timeout));
    }
    return TimeUnit.MICROSECONDS.toNanos(timeout);
  }

  /** A parameter that is true or false. */
  static boolean flag(Map<String, InferParameter> parameters, String name, boolean otherwise) {
    InferParameter parameter = parameters.get(name);
    if (parameter == null) {
      return otherwise;
    }
    if (!parameter.hasBoolParam()) {
      throw wrong(name, parameter, "a bool_param");
    }
    return parameter.getBoolParam();
  }

  private static @Nullable Long integer(Map<String, InferParameter> parameters, String name) {
    InferParameter parameter = parameters.get(name);
    if (parameter == null) {
      return null;
    }
    return switch (parameter.getParameterChoiceCase()) {
      case INT64_PARAM -> parameter.getInt64Param();
      case UINT64_PARAM -> parameter.getUint64Param();
      default -> throw wrong(name, parameter, "an int64_param or a uint64_param");
    };
  }

  static GymException wrong(String name, InferParameter parameter, String expected) {
    return new GymException(
        Kind.INVALID_ARGUMENT,
        "got %s as the parameter %s, expected %s"
            .formatted(parameter.getParameterChoiceCase(), name, expected));
  }
}
