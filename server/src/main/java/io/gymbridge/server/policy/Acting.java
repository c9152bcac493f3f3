package io.gymbridge.server.policy;

import com.google.protobuf.ByteString;
import io.grpc.Context;
import io.gymbridge.core.GymException;
import io.gymbridge.core.Value;
import io.gymbridge.policies.Outcome;
import io.gymbridge.policies.Question;
import io.gymbridge.proto.v1.ActRequest;
import io.gymbridge.proto.v1.ActResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/** From an {@link ActRequest} to its {@link ActResponse}, by way of the batches. Thread-safe. */
final class Acting {
  private final Catalogue catalogue;
  private final Batches batches;
  private final RequestLog requestLog;
  private volatile boolean draining;

  /** Who is told: exactly one of the two is not null. */
  interface Reply {
    void accept(@Nullable ActResponse response, @Nullable RuntimeException failure);
  }

  Acting(Catalogue catalogue, Batches batches, RequestLog requestLog) {
    this.catalogue = catalogue;
    this.batches = batches;
    this.requestLog = requestLog;
  }

  Catalogue catalogue() {
    return catalogue;
  }

  /** From now on streams begin no more episodes, so that their callers go elsewhere. */
  void drain() {
    draining = true;
  }

  boolean draining() {
    return draining;
  }

  /** Episodes of {@code n} rows, of which the request log is told. */
  Episodes episodes(Shelf shelf, int n) {
    return new Episodes(shelf, n, requestLog);
  }

  /**
   * Answers a request that belongs to no stream.
   *
   * @throws GymException what is wrong with the request
   */
  void act(ActRequest request, Context context, Reply reply) {
    long arrived = System.nanoTime();
    int n = ActCodec.size(request);
    Version version = catalogue.find(request.getPolicy()).pick(request.getVersion());
    Question question;
    try {
      if (batches.isFull(version, n)) {
        throw Overload.REASON;
      }
      question = ActCodec.question(version, request, null);
    } catch (RuntimeException e) {
      refused(version, e);
      version.release();
      throw e;
    }
    batches.ask(
        new Ask(
            version,
            question,
            context,
            arrived,
            Ask.ENDLESS,
            outcome -> reply(version, request, outcome, reply)));
  }

  /**
   * Answers a stream's request, each row by the version that its episode began with.
   *
   * @throws GymException what is wrong with the request
   */
  void act(ActRequest request, Episodes episodes, Context context, Reply reply) {
    long arrived = System.nanoTime();
    List<Episodes.Part> parts = episodes.parts();
    if (parts.size() > 1) {
      actInParts(request, episodes, parts, context, arrived, reply);
      return;
    }
    Episodes.Part part = parts.get(0);
    Version version = part.version();
    Question question;
    try {
      question = question(request, episodes, part);
    } catch (RuntimeException e) {
      refused(version, e);
      throw e;
    }
    if (!version.hold()) {
      throw new IllegalStateException("an episode's version is closed");
    }
    batches.ask(
        new Ask(
            version,
            question,
            context,
            arrived,
            Ask.ENDLESS,
            outcome -> {
              if (outcome instanceof Outcome.Answer answer) {
                answered(episodes, part, question, answer);
              }
              reply(version, request, outcome, reply);
            }));
  }

  /** What is asked of a part's version, with what the log wants to know beside it. */
  private static Question question(ActRequest request, Episodes episodes, Episodes.Part part) {
    Question question = ActCodec.question(part.version(), request, episodes.states(part));
    boolean more = part.version().logProbabilities() && episodes.logged(part);
    return more && !question.logProbability()
        ? new Question(
            question.observations(),
            question.deterministic(),
            question.draw(),
            question.mask(),
            question.state(),
            true,
            question.value())
        : question;
  }

  private static void answered(
      Episodes episodes, Episodes.Part part, Question question, Outcome.Answer answer) {
    episodes.keep(part, answer.state());
    try {
      episodes.log(part, question, answer);
    } catch (GymException e) {
      // What is no action is in no log; the caller is told by the answer.
    }
  }

  private static void refused(Version version, RuntimeException failure) {
    if (failure instanceof GymException gym) {
      version.tally().refused(gym.kind());
    }
  }

  private static void reply(Version version, ActRequest request, Outcome outcome, Reply reply) {
    ActResponse response = null;
    RuntimeException failure = null;
    try {
      response = ActCodec.response(version, request, outcome);
    } catch (RuntimeException e) {
      failure = e;
    }
    reply.accept(response, failure);
  }

  /** While some episodes are still with an older version: one question to each, one answer. */
  private void actInParts(
      ActRequest request,
      Episodes episodes,
      List<Episodes.Part> parts,
      Context context,
      long arrived,
      Reply reply) {
    @Nullable ActResponse[] responses = new ActResponse[parts.size()];
    RowsOf rows = new RowsOf(request, episodes.version(0));
    AtomicInteger left = new AtomicInteger(parts.size());
    List<RuntimeException> failures = java.util.Collections.synchronizedList(new ArrayList<>());
    List<ActRequest> requests = new ArrayList<>();
    List<Question> questions = new ArrayList<>();
    for (Episodes.Part part : parts) {
      ActRequest mine = rows.request(part.rows());
      requests.add(mine);
      questions.add(question(mine, episodes, part));
    }
    for (int i = 0; i < parts.size(); i++) {
      int index = i;
      Episodes.Part part = parts.get(i);
      ActRequest mine = requests.get(i);
      if (!part.version().hold()) {
        throw new IllegalStateException("an episode's version is closed");
      }
      batches.ask(
          new Ask(
              part.version(),
              questions.get(i),
              context,
              arrived,
              Ask.ENDLESS,
              outcome -> {
                if (outcome instanceof Outcome.Answer answer) {
                  answered(episodes, part, questions.get(index), answer);
                }
                reply(
                    part.version(),
                    mine,
                    outcome,
                    (response, failure) -> {
                      responses[index] = response;
                      if (failure != null) {
                        failures.add(failure);
                      }
                    });
                if (left.decrementAndGet() == 0) {
                  if (failures.isEmpty()) {
                    reply.accept(rows.join(parts, responses), null);
                  } else {
                    reply.accept(null, failures.get(0));
                  }
                }
              }));
    }
  }

  /** A request's rows apart, and answers together. All versions of a policy have its spaces. */
  private record RowsOf(ActRequest request, Version any) {
    ActRequest request(int[] rows) {
      int n = request.getBatchSize();
      ActRequest.Builder part = request.toBuilder().setBatchSize(rows.length);
      Value observations = any.observations().decode(request.getObservations(), n, "observations");
      part.setObservations(
          any.observations().encode(observations.take(rows), rows.length, "observations"));
      if (request.getState().getBuffersCount() > 0 && any.states() != null) {
        Value states = any.states().decode(request.getState(), n, "state");
        part.setState(any.states().encode(states.take(rows), rows.length, "state"));
      }
      if (!request.getActionMask().isEmpty()) {
        part.setActionMask(take(request.getActionMask(), rows, n));
      }
      return part.build();
    }

    private static ByteString take(ByteString bytes, int[] rows, int n) {
      int each = bytes.size() / n;
      ByteString.Output taken = ByteString.newOutput(each * rows.length);
      for (int row : rows) {
        for (int i = row * each; i < (row + 1) * each; i++) {
          taken.write(bytes.byteAt(i));
        }
      }
      return taken.toByteString();
    }

    ActResponse join(List<Episodes.Part> parts, @Nullable ActResponse[] responses) {
      int n = request.getBatchSize();
      int[] from = new int[n];
      String[] names = new String[n];
      List<Value> actions = new ArrayList<>();
      List<Value> states = new ArrayList<>();
      ByteString logs = ByteString.EMPTY;
      ByteString values = ByteString.EMPTY;
      int place = 0;
      for (int i = 0; i < parts.size(); i++) {
        int[] rows = parts.get(i).rows();
        ActResponse response = java.util.Objects.requireNonNull(responses[i]);
        actions.add(any.actions().decode(response.getActions(), rows.length, "actions"));
        if (response.hasState() && any.states() != null) {
          states.add(any.states().decode(response.getState(), rows.length, "state"));
        }
        logs = logs.concat(response.getLogProbabilities());
        values = values.concat(response.getValues());
        for (int row : rows) {
          from[row] = place++;
          names[row] = parts.get(i).version().name();
        }
      }
      ActResponse.Builder joined =
          ActResponse.newBuilder()
              .setActions(any.actions().encode(Value.concatenate(actions).take(from), n, "actions"))
              .setVersion(names[0])
              .addAllRowVersions(List.of(names))
              .setLogProbabilities(take(logs, from, n))
              .setValues(take(values, from, n));
      if (!states.isEmpty() && any.states() != null) {
        joined.setState(any.states().encode(Value.concatenate(states).take(from), n, "state"));
      }
      if (request.getDigest()) {
        joined.setDigest(any.digest());
      }
      if (request.getEchoMask()) {
        joined.setActionMask(request.getActionMask());
      }
      return joined.build();
    }
  }
}
