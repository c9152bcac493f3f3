package io.gymbridge.server;

import io.gymbridge.core.AutoresetMode;
import io.gymbridge.core.Box;
import io.gymbridge.core.ClosestName;
import io.gymbridge.core.DType;
import io.gymbridge.core.Dict;
import io.gymbridge.core.Discrete;
import io.gymbridge.core.Env;
import io.gymbridge.core.EnvBatch;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.MultiBinary;
import io.gymbridge.core.MultiDiscrete;
import io.gymbridge.core.Space;
import io.gymbridge.core.Tuple;
import io.gymbridge.proto.v1.InfoMode;
import io.gymbridge.proto.v1.OpenSessionRequest;
import io.gymbridge.transport.AutoresetCodec;
import io.gymbridge.transport.ItemCodec;
import io.gymbridge.transport.Statuses;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What a client asks OpenSession for, checked and with the server's defaults, and how it is made.
 *
 * @param numEnvs lanes of the whole session
 * @param renderMode empty for none
 * @param kwargs for the constructor, {@code render_mode} included
 * @param stateKey what saved states are signed with
 * @param shards number of parts
 * @param leaseNanos how long a shard outlives its last request
 * @param stepTimeoutNanos how long a request may take; {@link Long#MAX_VALUE} for ever
 * @param maxMessageBytes largest message that may become necessary
 * @param allowPolicies whether clients may put policies
 */
record Opening(
    ServedEnvironment environment,
    int numEnvs,
    AutoresetMode autoresetMode,
    InfoMode infoMode,
    String renderMode,
    Map<String, Object> kwargs,
    StateKey stateKey,
    int shards,
    long leaseNanos,
    long stepTimeoutNanos,
    int maxMessageBytes,
    boolean allowPolicies) {
  private static final int PROTOCOL_REVISION = 1;

  /** The request, checked. Throws as the comments of OpenSession have it. */
  static Opening check(
      OpenSessionRequest request, Map<String, ServedEnvironment> offered, ServeOptions options) {
    if (request.getProtocolRevision() != PROTOCOL_REVISION) {
      throw new GymException(
          Kind.FAILED_PRECONDITION,
          "the client speaks revision %s of the protocol, this server %d"
              .formatted(
                  Integer.toUnsignedString(request.getProtocolRevision()), PROTOCOL_REVISION));
    }
    ServedEnvironment environment = find(request.getEnvId(), offered);
    for (String name : request.getKwargs().getItemsMap().keySet()) {
      if (!environment.allowedKwargs().contains(name)) {
        throw new GymException(
            Kind.PERMISSION_DENIED,
            "the keyword argument \"%s\" is not allowed (allowed: %s); start the server with"
                    .formatted(name, environment.allowedKwargs())
                + " --allow-kwargs "
                + name);
      }
    }
    Map<String, Object> kwargs =
        new LinkedHashMap<>(ItemCodec.decode(request.getKwargs(), "kwargs"));
    if (!request.getRenderMode().isEmpty()) {
      kwargs.put("render_mode", request.getRenderMode());
    }
    int numEnvs = numEnvs(request, options);
    int most = Math.min(options.workers(), numEnvs);
    long lease = nanos("lease", request.getLeaseSeconds(), options.lease());
    return new Opening(
        environment,
        numEnvs,
        AutoresetCodec.decode(request.getAutoresetMode()),
        infoMode(request),
        request.getRenderMode(),
        kwargs,
        options.stateKey(),
        request.getMaxShards() == 0 || Integer.compareUnsigned(request.getMaxShards(), most) > 0
            ? most
            : request.getMaxShards(),
        lease,
        nanos("step timeout", request.getStepTimeoutSeconds(), options.stepTimeout()),
        options.maxMessageBytes(),
        options.allowPolicies());
  }

  private static ServedEnvironment find(String id, Map<String, ServedEnvironment> offered) {
    if (id.isEmpty() && offered.size() > 1) {
      throw invalid("say which environment: the server offers " + offered.keySet());
    }
    ServedEnvironment environment =
        id.isEmpty() ? offered.values().iterator().next() : offered.get(id);
    if (environment == null) {
      throw new GymException(
          Kind.NOT_FOUND,
          "\"%s\" is not offered here; did you mean %s? Offered: %s"
              .formatted(
                  id.length() > 100 ? id.substring(0, 100) + "…" : id,
                  ClosestName.of(id, offered.keySet()),
                  offered.keySet()));
    }
    return environment;
  }

  private static int numEnvs(OpenSessionRequest request, ServeOptions options) {
    int wanted = request.getNumEnvs();
    if (Integer.compareUnsigned(wanted, options.maxNumEnvs()) > 0) {
      throw new GymException(
          Kind.RESOURCE_EXHAUSTED,
          "%s lanes are more than the %d that this server allows (--max-num-envs)"
              .formatted(Integer.toUnsignedString(wanted), options.maxNumEnvs()));
    }
    return wanted == 0 ? options.numEnvs() : wanted;
  }

  private static InfoMode infoMode(OpenSessionRequest request) {
    return switch (request.getInfoMode()) {
      case INFO_MODE_UNSPECIFIED -> InfoMode.INFO_MODE_ALL;
      case UNRECOGNIZED -> throw invalid("unknown info_mode " + request.getInfoModeValue());
      default -> request.getInfoMode();
    };
  }

  /** What a client gets of the seconds it asks for; zero stands for the limit, or for no limit. */
  private static long nanos(String what, double wanted, Duration limit) {
    if (!(wanted >= 0 && wanted < Double.POSITIVE_INFINITY)) {
      throw invalid(
          "got a %s of %s s, expected a positive number, or 0 for the server's"
              .formatted(what, wanted));
    }
    long most = limit.isZero() ? Long.MAX_VALUE : limit.toNanos();
    return wanted == 0 ? most : Math.min(most, (long) (wanted * TimeUnit.SECONDS.toNanos(1)));
  }

  /** First lane of a shard; of the one after the last, the number of lanes. */
  int firstLane(int shard) {
    int share = numEnvs / shards;
    return shard * share + Math.min(shard, numEnvs % shards);
  }

  int numEnvs(int shard) {
    return firstLane(shard + 1) - firstLane(shard);
  }

  /** Makes a shard's lanes. Throws as the comments of OpenSession have it. */
  Lanes make(int shard) {
    int n = numEnvs(shard);
    List<Env> envs = new ArrayList<>();
    try {
      envs.add(environment.maker().make(kwargs));
      check(envs.get(0), n);
      EnvBatch batch = environment.batchMaker().make(n, kwargs);
      if (batch != null) {
        Lanes.closeQuietly(envs.get(0));
        return new Lanes(batch, autoresetMode, infoMode, firstLane(shard));
      }
      while (envs.size() < n) {
        envs.add(environment.maker().make(kwargs));
      }
    } catch (RuntimeException | Error e) {
      envs.forEach(Lanes::closeQuietly);
      throw e instanceof GymException gym
          ? gym
          : Statuses.raised("the constructor of " + environment.id(), e);
    }
    return new Lanes(envs, autoresetMode, infoMode, firstLane(shard));
  }

  /** What has a policy act in a shard's lanes; null where clients may not put one. */
  @Nullable Roller roller(Lanes lanes) {
    return allowPolicies ? new Roller(lanes, maxMessageBytes, stepTimeoutNanos) : null;
  }

  private void check(Env env, int lanes) {
    Object modes = env.spec().metadata().get("render_modes");
    if (!renderMode.isEmpty() && !(modes instanceof List<?> list && list.contains(renderMode))) {
      throw invalid(
          "%s has no render_mode \"%s\"; it has %s"
              .formatted(environment.id(), renderMode, modes == null ? List.of() : modes));
    }
    long bytes =
        lanes * Math.max(bytes(env.spec().observationSpace()), bytes(env.spec().actionSpace()));
    if (bytes > maxMessageBytes) {
      throw new GymException(
          Kind.RESOURCE_EXHAUSTED,
          ("one step of %d lanes takes %d bytes, above the limit of %d a message: fewer lanes, more"
                  + " --workers or a larger --max-message-mib")
              .formatted(lanes, bytes, maxMessageBytes));
    }
  }

  /** Size of a member on the wire, as far as the space alone says. */
  private static long bytes(Space space) {
    if (space instanceof Box box) {
      return (long) box.low().size() * box.dtype().bytes();
    }
    if (space instanceof Discrete discrete) {
      return discrete.dtype().bytes();
    }
    if (space instanceof MultiDiscrete discrete) {
      return (long) discrete.nvec().size() * discrete.dtype().bytes();
    }
    if (space instanceof MultiBinary binary) {
      return (long) binary.flatSize() * DType.INT8.bytes();
    }
    if (space instanceof Tuple tuple) {
      return tuple.spaces().stream().mapToLong(Opening::bytes).sum();
    }
    if (space instanceof Dict dict) {
      return dict.spaces().values().stream().mapToLong(Opening::bytes).sum();
    }
    return 0;
  }

  private static GymException invalid(String message) {
    return new GymException(Kind.INVALID_ARGUMENT, message);
  }
}
