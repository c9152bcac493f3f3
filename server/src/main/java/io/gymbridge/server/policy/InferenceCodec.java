package io.gymbridge.server.policy;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.core.NdArray;
import io.gymbridge.core.Value;
import io.gymbridge.policies.Outcome;
import io.gymbridge.policies.Question;
import io.gymbridge.proto.inference.InferParameter;
import io.gymbridge.proto.inference.InferTensorContents;
import io.gymbridge.proto.inference.ModelInferRequest;
import io.gymbridge.proto.inference.ModelInferRequest.InferInputTensor;
import io.gymbridge.proto.inference.ModelInferRequest.InferRequestedOutputTensor;
import io.gymbridge.proto.inference.ModelInferResponse;
import io.gymbridge.proto.v1.Buffers;
import io.gymbridge.server.Finite;
import io.gymbridge.transport.Statuses;
import io.gymbridge.transport.ValueCodec;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** {@link ModelInferRequest}s as {@link Question}s, and {@link Outcome}s as their responses. */
final class InferenceCodec {
  private static final String DIGEST = "digest";
  private static final InferTensorContents NONE = InferTensorContents.getDefaultInstance();

  private InferenceCodec() {}

  /**
   * What a request asks a version.
   *
   * @param outputs places among the signature's outputs, in the order of the answer
   * @param all whether the request named none, and these are all
   * @param patience as of an {@link Ask}
   */
  record Asked(Question question, int[] outputs, boolean all, long patience) {}

  /**
   * What is asked of a version.
   *
   * @param kept recurrent states that the server has kept, where the request brings none
   * @throws GymException INVALID_ARGUMENT for tensors and wishes that do not fit; UNIMPLEMENTED for
   *     a policy that cannot be asked by tensors, or for shared memory
   */
  static Asked question(Version version, ModelInferRequest request, @Nullable Value kept) {
    InferenceSignature signature = version.tensors();
    signature.check(version);
    ByteString[] buffers = new ByteString[signature.inputs().size()];
    int n = inputs(version, request, buffers);
    Value observations =
        version.observations().decode(pack(buffers, 0, signature.observations()), n, "inputs");
    Finite.check(observations, "inputs");
    int[] outputs = outputs(version, request);
    InferenceWishes wishes = InferenceWishes.of(request);
    ByteString mask = signature.mask() < 0 ? null : buffers[signature.mask()];
    Question question =
        new Question(
            observations,
            wishes.deterministic(),
            wishes.draw(),
            mask == null ? null : ActCodec.mask(version, mask, n),
            state(version, buffers, n, kept),
            contains(outputs, signature.logProbability()),
            contains(outputs, signature.value()));
    return new Asked(question, outputs, request.getOutputsCount() == 0, wishes.patience());
  }

  /** Finds each input's bytes, and says how many rows they are. */
  private static int inputs(Version version, ModelInferRequest request, ByteString[] into) {
    InferenceSignature signature = version.tensors();
    int raw = request.getRawInputContentsCount();
    if (raw > 0 && raw != request.getInputsCount()) {
      throw invalid(
          "got %d raw_input_contents for %d inputs, expected one for each, or none where all have contents"
              .formatted(raw, request.getInputsCount()));
    }
    long n = -1;
    for (int i = 0; i < request.getInputsCount(); i++) {
      InferInputTensor input = request.getInputs(i);
      int place = signature.input(input.getName());
      if (place < 0) {
        throw invalid(
            "got an input \"%s\", the model %s takes %s"
                .formatted(input.getName(), version.policy(), signature.inputs()));
      }
      InferenceTensor tensor = signature.inputs().get(place);
      if (into[place] != null) {
        throw invalid("got the input \"%s\" twice".formatted(input.getName()));
      }
      if (input.getParametersCount() > 0) {
        noSharedMemory(input.getName(), input.getParametersMap());
      }
      if (!tensor.datatype().equals(input.getDatatype())
          || !tensor.isBatch(input.getShapeList())
          || input.getShape(0) < 1
          || input.getShape(0) > ActCodec.MAX_BATCH_SIZE) {
        throw invalid(
            "got the input %s %s%s, expected %s, where -1 is a batch of 1 … %d"
                .formatted(
                    input.getName(),
                    input.getDatatype(),
                    input.getShapeList(),
                    tensor,
                    ActCodec.MAX_BATCH_SIZE));
      }
      if (n >= 0 && input.getShape(0) != n) {
        throw invalid(
            "got a batch of %d in the input %s and of %d in others, expected one size"
                .formatted(input.getShape(0), input.getName(), n));
      }
      n = input.getShape(0);
      into[place] = contents(tensor, request, i, (int) n);
    }
    for (int i = 0; i < signature.observations(); i++) {
      if (into[i] == null) {
        throw invalid(
            "the input \"%s\" is missing: the model %s takes %s"
                .formatted(signature.inputs().get(i).name(), version.policy(), signature.inputs()));
      }
    }
    return (int) n;
  }

  private static ByteString contents(
      InferenceTensor tensor, ModelInferRequest request, int i, int n) {
    InferInputTensor input = request.getInputs(i);
    if (request.getRawInputContentsCount() == 0) {
      return InferenceContents.bytes(tensor, input.getContents(), n);
    }
    if (input.hasContents() && !input.getContents().equals(NONE)) {
      throw invalid(
          "got raw_input_contents and contents of the input \"%s\", expected one of the two"
              .formatted(input.getName()));
    }
    ByteString bytes = request.getRawInputContents(i);
    long expected = n * (long) tensor.rowSize() * tensor.dtype().bytes();
    if (bytes.size() != expected) {
      throw invalid(
          "got %d bytes for the input %s, expected %d for a batch of %d"
              .formatted(bytes.size(), tensor, expected, n));
    }
    return bytes;
  }

  private static Buffers pack(ByteString[] buffers, int first, int count) {
    Buffers.Builder packed = Buffers.newBuilder();
    for (int i = first; i < first + count; i++) {
      packed.addBuffers(buffers[i]);
    }
    return packed.build();
  }

  private static @Nullable Value state(
      Version version, ByteString[] buffers, int n, @Nullable Value kept) {
    InferenceSignature signature = version.tensors();
    ValueCodec codec = version.states();
    if (codec == null) {
      return null;
    }
    int first = signature.observations();
    int got = 0;
    for (int i = first; i < first + signature.states(); i++) {
      got += buffers[i] == null ? 0 : 1;
    }
    if (got == 0) {
      if (kept != null && kept.batchSize() != n) {
        throw invalid(
            "got a batch of %d, expected %d: the sequence began with as many"
                .formatted(n, kept.batchSize()));
      }
      return kept;
    }
    if (got < signature.states()) {
      throw invalid(
          "got %d of the state's inputs, expected all, or none: %s"
              .formatted(got, signature.inputs().subList(first, first + signature.states())));
    }
    Value state = codec.decode(pack(buffers, first, got), n, "inputs");
    Finite.check(state, "state");
    return state;
  }

  private static int[] outputs(Version version, ModelInferRequest request) {
    InferenceSignature signature = version.tensors();
    int count = request.getOutputsCount();
    int[] outputs = new int[count == 0 ? signature.outputs().size() : count];
    for (int i = 0; i < outputs.length; i++) {
      if (count == 0) {
        outputs[i] = i;
        continue;
      }
      InferRequestedOutputTensor wanted = request.getOutputs(i);
      outputs[i] = signature.output(wanted.getName());
      if (outputs[i] < 0) {
        throw invalid(
            "the output \"%s\" was asked for, the model %s gives %s"
                .formatted(wanted.getName(), version.policy(), signature.outputs()));
      }
      if (wanted.getParametersCount() > 0) {
        noSharedMemory(wanted.getName(), wanted.getParametersMap());
        if (wanted.containsParameters("classification")) {
          throw new GymException(
              Kind.UNIMPLEMENTED,
              "output %s: this server gives tensors, and classifies none"
                  .formatted(wanted.getName()));
        }
      }
    }
    return outputs;
  }

  private static boolean contains(int[] outputs, int place) {
    for (int output : outputs) {
      if (output == place) {
        return true;
      }
    }
    return false;
  }

  private static void noSharedMemory(String name, Map<String, InferParameter> parameters) {
    if (parameters.containsKey("shared_memory_region")) {
      throw new GymException(
          Kind.UNIMPLEMENTED,
          "%s: this server shares no memory with callers of this protocol: send the tensor"
              .formatted(name));
    }
  }

  /**
   * The answer, its actions clipped to the space.
   *
   * @throws GymException the refusal's; ENVIRONMENT where the policy gave what is no action
   */
  static ModelInferResponse response(
      Version version, ModelInferRequest request, Asked asked, Outcome outcome) {
    if (outcome instanceof Outcome.Refusal refusal) {
      throw refusal.reason();
    }
    Outcome.Answer answer = (Outcome.Answer) outcome;
    InferenceSignature signature = version.tensors();
    int n = asked.question().size();
    ModelInferResponse.Builder response =
        ModelInferResponse.newBuilder()
            .setModelName(version.policy())
            .setModelVersion(version.name())
            .setId(request.getId());
    if (!version.digest().isEmpty()) {
      response.putParameters(
          DIGEST, InferParameter.newBuilder().setStringParam(version.digest()).build());
    }
    List<ByteString> actions = actions(version, answer, n);
    Value state = answer.state();
    ValueCodec states = version.states();
    List<ByteString> after =
        state == null || states == null
            ? List.of()
            : states.encode(state, n, "state").getBuffersList();
    for (int place : asked.outputs()) {
      ByteString bytes;
      if (place < signature.actions()) {
        bytes = actions.get(place);
      } else if (place == signature.logProbability()) {
        bytes = bytes(answer.logProbabilities());
      } else if (place == signature.value()) {
        bytes = bytes(answer.values());
      } else {
        int part = place - signature.actions();
        bytes = part < after.size() ? after.get(part) : null;
      }
      if (bytes != null) {
        response.addOutputs(signature.outputs().get(place).batch(n)).addRawOutputContents(bytes);
      } else if (!asked.all()) {
        throw invalid(
            "the policy %s gave no %s for this request"
                .formatted(version, signature.outputs().get(place).name()));
      }
    }
    return response.build();
  }

  private static List<ByteString> actions(Version version, Outcome.Answer answer, int n) {
    try {
      Value clipped = Clip.into(version.actor().actionSpace(), answer.actions());
      return version.actions().encode(clipped, n, "actions").getBuffersList();
    } catch (GymException e) {
      throw Statuses.raised("the policy " + version.policy(), e);
    }
  }

  private static @Nullable ByteString bytes(double @Nullable [] numbers) {
    return numbers == null
        ? null
        : UnsafeByteOperations.unsafeWrap(NdArray.of(numbers, numbers.length).data());
  }

  private static @Nullable ByteString bytes(float @Nullable [] numbers) {
    return numbers == null
        ? null
        : UnsafeByteOperations.unsafeWrap(NdArray.of(numbers, numbers.length).data());
  }

  private static GymException invalid(String message) {
    return new GymException(Kind.INVALID_ARGUMENT, message);
  }
}
