package io.gymbridge.server.policy;

import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.inference.ModelConfig;
import io.gymbridge.proto.inference.ModelDynamicBatching;
import io.gymbridge.proto.inference.ModelInput;
import io.gymbridge.proto.inference.ModelMetadataResponse;
import io.gymbridge.proto.inference.ModelOutput;
import io.gymbridge.proto.inference.ModelSequenceBatching;
import io.gymbridge.proto.inference.ModelVersionPolicy;
import io.gymbridge.proto.inference.RepositoryIndexResponse;
import io.gymbridge.proto.inference.RepositoryIndexResponse.ModelIndex;
import java.util.List;

/**
 * The catalogue's policies as models of the Open Inference Protocol, with errors as clients of
 * Triton know them. Thread-safe.
 *
 * @param maxBatchRows rows that are computed together, at most
 * @param sequenceIdleMicros how long a sequence lives without a request
 */
record InferenceModels(Catalogue catalogue, int maxBatchRows, long sequenceIdleMicros) {
  private static final String UNKNOWN = "Request for unknown model: '%s' ";

  /**
   * A model by its name; an empty one means the only one there is.
   *
   * @throws GymException NOT_FOUND
   */
  Shelf find(String model) {
    try {
      return catalogue.find(model);
    } catch (GymException e) {
      throw new GymException(
          Kind.NOT_FOUND, UNKNOWN.formatted(model) + "is not found (%s)".formatted(e.getMessage()));
    }
  }

  /**
   * The version for a request or a sequence, held for the caller.
   *
   * @param wanted a version or a label; empty for what is in service
   * @throws GymException NOT_FOUND; UNAVAILABLE for what is there, but out of service
   */
  Version pick(String model, String wanted) {
    Shelf shelf = find(model);
    try {
      return shelf.pick(wanted);
    } catch (GymException e) {
      String unknown = UNKNOWN.formatted(shelf.name());
      if (shelf.versions().isEmpty()) {
        throw new GymException(
            Kind.UNAVAILABLE, unknown + "has no version in service: %s".formatted(shelf.refused()));
      }
      String refusal = shelf.refused().get(wanted);
      if (refusal != null) {
        throw new GymException(
            Kind.UNAVAILABLE,
            unknown + "version '%s' is not in service: %s".formatted(wanted, refusal));
      }
      throw new GymException(
          Kind.NOT_FOUND,
          unknown + "version '%s' is not found (%s)".formatted(wanted, e.getMessage()));
    }
  }

  /** Whether a model's version, or any, would be asked. */
  boolean ready(String model, String wanted) {
    try {
      Version version = pick(model, wanted);
      boolean usable = version.tensors().usable();
      version.release();
      return usable;
    } catch (GymException e) {
      return false;
    }
  }

  ModelMetadataResponse metadata(String model, String wanted) {
    Version version = pick(model, wanted);
    try {
      version.tensors().check(version);
      ModelMetadataResponse.Builder metadata =
          ModelMetadataResponse.newBuilder()
              .setName(version.policy())
              .setPlatform(platform(version));
      find(version.policy()).versions().forEach(each -> metadata.addVersions(each.name()));
      version.tensors().inputs().forEach(input -> metadata.addInputs(input.metadata()));
      version.tensors().outputs().forEach(output -> metadata.addOutputs(output.metadata()));
      return metadata.build();
    } finally {
      version.release();
    }
  }

  ModelConfig config(String model, String wanted) {
    Version version = pick(model, wanted);
    try {
      InferenceSignature signature = version.tensors();
      signature.check(version);
      ModelConfig.Builder config =
          ModelConfig.newBuilder()
              .setName(version.policy())
              .setPlatform(platform(version))
              .setBackend(platform(version).replace("_onnx", ""))
              .setVersionPolicy(versions(find(version.policy()).lineup()))
              .setMaxBatchSize(maxBatchRows);
      for (int i = 0; i < signature.inputs().size(); i++) {
        InferenceTensor input = signature.inputs().get(i);
        config.addInput(
            ModelInput.newBuilder()
                .setName(input.name())
                .setDataType(input.dataType())
                .addAllDims(input.dimensions())
                .setOptional(i >= signature.observations()));
      }
      for (InferenceTensor output : signature.outputs()) {
        config.addOutput(
            ModelOutput.newBuilder()
                .setName(output.name())
                .setDataType(output.dataType())
                .addAllDims(output.dimensions()));
      }
      if (signature.states() > 0) {
        config.setSequenceBatching(
            ModelSequenceBatching.newBuilder().setMaxSequenceIdleMicroseconds(sequenceIdleMicros));
      } else {
        config.setDynamicBatching(ModelDynamicBatching.getDefaultInstance());
      }
      return config.build();
    } finally {
      version.release();
    }
  }

  private static ModelVersionPolicy versions(Lineup lineup) {
    ModelVersionPolicy.Builder policy = ModelVersionPolicy.newBuilder();
    if (lineup.latest() > 0) {
      policy.getLatestBuilder().setNumVersions(lineup.latest());
    } else {
      for (String version : lineup.versions()) {
        if (Names.isNumber(version) && version.length() < 19) {
          policy.getSpecificBuilder().addVersions(Long.parseLong(version));
        }
      }
    }
    return policy.build();
  }

  /** A version with a graph has the graph's digest. */
  private static String platform(Version version) {
    return version.digest().isEmpty() ? "gymbridge" : "onnxruntime_onnx";
  }

  /** What is there, sorted by name and then as old as it is. */
  RepositoryIndexResponse index(boolean readyOnly) {
    RepositoryIndexResponse.Builder index = RepositoryIndexResponse.newBuilder();
    for (Shelf shelf : catalogue.shelves()) {
      List<String> ready = shelf.versions().stream().map(Version::name).toList();
      for (String version : ready) {
        index.addModels(entry(shelf, version).setState("READY"));
      }
      if (!readyOnly) {
        shelf
            .refused()
            .forEach(
                (version, reason) -> {
                  if (!ready.contains(version) && !version.equals(BundleFolder.LINEUP)) {
                    index.addModels(
                        entry(shelf, version).setState("UNAVAILABLE").setReason(reason));
                  }
                });
      }
    }
    return index.build();
  }

  private static ModelIndex.Builder entry(Shelf shelf, String version) {
    return ModelIndex.newBuilder().setName(shelf.name()).setVersion(version);
  }
}
