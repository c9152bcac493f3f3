package io.gymbridge.server.policy;

import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.inference.InferStatistics;
import io.gymbridge.proto.inference.ModelStatistics;
import io.gymbridge.proto.inference.ModelStatisticsResponse;
import io.gymbridge.proto.inference.StatisticDuration;
import java.util.ArrayList;
import java.util.List;

/** What versions have been asked, as clients of Triton read it; native calls count as well. */
final class InferenceStatistics {
  private InferenceStatistics() {}

  /**
   * The statistics of the versions in service.
   *
   * @param model empty for all
   * @param wanted a version or a label; empty for all
   * @throws io.gymbridge.core.GymException as {@link InferenceModels#pick}
   */
  static ModelStatisticsResponse of(InferenceModels models, String model, String wanted) {
    ModelStatisticsResponse.Builder response = ModelStatisticsResponse.newBuilder();
    if (!wanted.isEmpty()) {
      Version version = models.pick(model, wanted);
      response.addModelStats(of(version));
      version.release();
      return response.build();
    }
    List<Shelf> shelves =
        model.isEmpty()
            ? new ArrayList<>(models.catalogue().shelves())
            : List.of(models.find(model));
    for (Shelf shelf : shelves) {
      shelf.versions().forEach(version -> response.addModelStats(of(version)));
    }
    return response.build();
  }

  private static ModelStatistics of(Version version) {
    Tally tally = version.tally();
    long refused = 0;
    for (Kind kind : Kind.values()) {
      refused += tally.refusals(kind);
    }
    return ModelStatistics.newBuilder()
        .setName(version.policy())
        .setVersion(version.name())
        .setLastInference(tally.lastMillis())
        .setInferenceCount(tally.rows())
        .setExecutionCount(tally.batches())
        .setInferenceStats(
            InferStatistics.newBuilder()
                .setSuccess(duration(tally.answered(), tally.answeredNanos()))
                .setFail(duration(refused, 0))
                .setQueue(duration(tally.answered(), tally.waitedNanos()))
                .setComputeInput(duration(0, 0))
                .setComputeInfer(duration(tally.batches(), tally.computedNanos()))
                .setComputeOutput(duration(0, 0)))
        .build();
  }

  private static StatisticDuration duration(long count, long nanos) {
    return StatisticDuration.newBuilder().setCount(count).setNs(nanos).build();
  }
}
