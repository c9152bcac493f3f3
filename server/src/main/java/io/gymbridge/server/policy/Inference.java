package io.gymbridge.server.policy;

import io.grpc.Context;
import io.gymbridge.core.GymException;
import io.gymbridge.core.Value;
import io.gymbridge.policies.Outcome;
import io.gymbridge.policies.Question;
import io.gymbridge.proto.inference.ModelInferRequest;
import io.gymbridge.proto.inference.ModelInferResponse;
import org.jspecify.annotations.Nullable;

/**
 * From a {@link ModelInferRequest} to its {@link ModelInferResponse}, by way of the same batches as
 * native calls. Thread-safe.
 */
final class Inference implements AutoCloseable {
  private final InferenceModels models;
  private final Batches batches;
  private final RequestLog requestLog;
  private final InferenceSequences sequences;

  /** Who is told: exactly one of the two is not null. */
  interface Reply {
    void accept(@Nullable ModelInferResponse response, @Nullable RuntimeException failure);
  }

  Inference(
      InferenceModels models,
      Batches batches,
      RequestLog requestLog,
      InferenceSequences sequences) {
    this.models = models;
    this.batches = batches;
    this.requestLog = requestLog;
    this.sequences = sequences;
  }

  InferenceModels models() {
    return models;
  }

  InferenceSequences sequences() {
    return sequences;
  }

  /** Answers a request, or says why not; now or later, on whatever thread. */
  void infer(ModelInferRequest request, Context context, Reply reply) {
    long arrived = System.nanoTime();
    try {
      InferenceSequences.Place place = InferenceSequences.Place.of(request);
      if (place == null) {
        Version version = models.pick(request.getModelName(), request.getModelVersion());
        ask(version, request, context, arrived, null, null, reply, null);
      } else {
        String model = request.getModelName();
        InferenceSequence sequence =
            sequences.find(model.isEmpty() ? models.find(model).name() : model, place);
        sequence.add(new Turn(request, place, context, arrived, sequence, reply), place.end());
      }
    } catch (RuntimeException e) {
      reply.accept(null, e);
    }
  }

  /**
   * Has a version answer. It is held by the caller, and let go of in any case.
   *
   * @param episode the sequence's, in the log; null for none
   * @param sequence is told what came of it; null for none
   * @throws GymException what is wrong with the request, of which nobody was told
   */
  private void ask(
      Version version,
      ModelInferRequest request,
      Context context,
      long arrived,
      @Nullable Value kept,
      RequestLog.@Nullable Episode episode,
      Reply reply,
      @Nullable InferenceSequence sequence) {
    InferenceCodec.Asked asked;
    try {
      asked = InferenceCodec.question(version, request, kept);
    } catch (RuntimeException e) {
      if (e instanceof GymException gym) {
        version.tally().refused(gym.kind());
      }
      version.release();
      throw e;
    }
    batches.ask(
        new Ask(
            version,
            asked.question(),
            context,
            arrived,
            asked.patience(),
            outcome -> {
              if (episode != null && outcome instanceof Outcome.Answer answer) {
                log(episode, version, asked.question(), answer);
              }
              if (sequence != null) {
                sequence.answered(outcome, sequences.now());
              }
              reply(version, request, asked, outcome, reply);
            }));
  }

  /** Tells the log, which has an episode for each sequence of single observations. */
  private static void log(
      RequestLog.Episode episode, Version version, Question question, Outcome.Answer answer) {
    if (question.size() != 1) {
      return;
    }
    double[] logProbabilities = answer.logProbabilities();
    try {
      episode.acted(
          version.name(),
          question.observations(),
          Clip.into(version.actor().actionSpace(), answer.actions()),
          0,
          logProbabilities == null ? Double.NaN : logProbabilities[0]);
    } catch (GymException e) {
      // What is no action is in no log; the caller is told by the answer.
    }
  }

  private static void reply(
      Version version,
      ModelInferRequest request,
      InferenceCodec.Asked asked,
      Outcome outcome,
      Reply reply) {
    ModelInferResponse response = null;
    RuntimeException failure = null;
    try {
      response = InferenceCodec.response(version, request, asked, outcome);
    } catch (RuntimeException e) {
      failure = e;
    }
    reply.accept(response, failure);
  }

  /** Ends all sequences. */
  @Override
  public void close() {
    sequences.close();
  }

  /** A request of a sequence. */
  private final class Turn implements InferenceSequence.Turn {
    private final ModelInferRequest request;
    private final InferenceSequences.Place place;
    private final Context context;
    private final long arrived;
    private final InferenceSequence sequence;
    private final Reply reply;

    Turn(
        ModelInferRequest request,
        InferenceSequences.Place place,
        Context context,
        long arrived,
        InferenceSequence sequence,
        Reply reply) {
      this.request = request;
      this.place = place;
      this.context = context;
      this.arrived = arrived;
      this.sequence = sequence;
      this.reply = reply;
    }

    @Override
    public boolean starts() {
      return place.start();
    }

    @Override
    public Version pick() {
      return models.pick(request.getModelName(), request.getModelVersion());
    }

    @Override
    public boolean wantsOther(Version current) {
      String wanted = request.getModelVersion();
      if (wanted.isEmpty() || wanted.equals(current.name())) {
        return false;
      }
      Version other = pick();
      other.release();
      return other != current;
    }

    @Override
    public RequestLog.@Nullable Episode begin(Version version) {
      return requestLog.begin(
          version.policy(), version.actor().observationSpace(), version.actor().actionSpace());
    }

    @Override
    public void ask(Version version, @Nullable Value state, RequestLog.@Nullable Episode episode) {
      if (!version.hold()) {
        throw new IllegalStateException("a sequence's version is closed");
      }
      Inference.this.ask(version, request, context, arrived, state, episode, reply, sequence);
    }

    @Override
    public void fail(RuntimeException reason) {
      reply.accept(null, reason);
    }
  }
}
