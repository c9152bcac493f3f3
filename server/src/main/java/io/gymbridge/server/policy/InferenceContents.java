package io.gymbridge.server.policy;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.gymbridge.core.DType;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;
import io.gymbridge.proto.inference.InferTensorContents;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** Typed contents of a tensor as the bytes that raw contents would be. */
final class InferenceContents {
  private InferenceContents() {}

  /**
   * The bytes.
   *
   * @param n rows, which the request's shape says
   * @throws GymException INVALID_ARGUMENT where the field for the tensor's type does not have as
   *     many elements as the shape, or one that is beyond the type
   */
  static ByteString bytes(InferenceTensor tensor, InferTensorContents contents, int n) {
    int got = count(tensor, contents);
    long expected = n * (long) tensor.rowSize();
    if (got != expected) {
      throw invalid(
          "input %s: got %d elements in %s, expected %d for a batch of %d"
              .formatted(tensor, got, field(tensor.dtype()), expected, n));
    }
    ByteBuffer bytes =
        ByteBuffer.allocate(Math.multiplyExact(got, tensor.dtype().bytes()))
            .order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < got; i++) {
      put(tensor, contents, i, bytes);
    }
    return UnsafeByteOperations.unsafeWrap(bytes.flip());
  }

  private static int count(InferenceTensor tensor, InferTensorContents contents) {
    return switch (tensor.dtype()) {
      case BOOL -> contents.getBoolContentsCount();
      case INT8, INT16, INT32 -> contents.getIntContentsCount();
      case INT64 -> contents.getInt64ContentsCount();
      case UINT8, UINT16, UINT32 -> contents.getUintContentsCount();
      case UINT64 -> contents.getUint64ContentsCount();
      case FLOAT32 -> contents.getFp32ContentsCount();
      case FLOAT64 -> contents.getFp64ContentsCount();
      case FLOAT16 ->
          throw invalid("input %s: FP16 goes into raw_input_contents only".formatted(tensor));
    };
  }

  private static String field(DType dtype) {
    return switch (dtype) {
      case BOOL -> "bool_contents";
      case INT8, INT16, INT32 -> "int_contents";
      case INT64 -> "int64_contents";
      case UINT8, UINT16, UINT32 -> "uint_contents";
      case UINT64 -> "uint64_contents";
      case FLOAT16 -> "raw_input_contents";
      case FLOAT32 -> "fp32_contents";
      case FLOAT64 -> "fp64_contents";
    };
  }

  private static void put(
      InferenceTensor tensor, InferTensorContents contents, int i, ByteBuffer into) {
    switch (tensor.dtype()) {
      case BOOL -> into.put((byte) (contents.getBoolContents(i) ? 1 : 0));
      case INT8 -> into.put((byte) within(tensor, contents.getIntContents(i)));
      case INT16 -> into.putShort((short) within(tensor, contents.getIntContents(i)));
      case INT32 -> into.putInt(contents.getIntContents(i));
      case INT64 -> into.putLong(contents.getInt64Contents(i));
      case UINT8 -> into.put((byte) within(tensor, unsigned(contents, i)));
      case UINT16 -> into.putShort((short) within(tensor, unsigned(contents, i)));
      case UINT32 -> into.putInt(contents.getUintContents(i));
      case UINT64 -> into.putLong(contents.getUint64Contents(i));
      case FLOAT32 -> into.putFloat(contents.getFp32Contents(i));
      case FLOAT64 -> into.putDouble(contents.getFp64Contents(i));
      case FLOAT16 -> throw new AssertionError("refused before");
    }
  }

  private static long unsigned(InferTensorContents contents, int i) {
    return Integer.toUnsignedLong(contents.getUintContents(i));
  }

  private static long within(InferenceTensor tensor, long element) {
    DType dtype = tensor.dtype();
    if (element < dtype.least() || element > dtype.greatest()) {
      throw invalid(
          "input %s: got the element %d, expected %d … %d"
              .formatted(tensor, element, dtype.least(), dtype.greatest()));
    }
    return element;
  }

  private static GymException invalid(String message) {
    return new GymException(Kind.INVALID_ARGUMENT, message);
  }
}
