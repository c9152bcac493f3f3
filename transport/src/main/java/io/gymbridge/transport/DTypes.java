package io.gymbridge.transport;

import io.gymbridge.core.DType;
import io.gymbridge.core.GymException;
import io.gymbridge.core.GymException.Kind;

/** Element types, between the two vocabularies. */
final class DTypes {
  private DTypes() {}

  static io.gymbridge.proto.v1.DType encode(DType dtype) {
    return switch (dtype) {
      case BOOL -> io.gymbridge.proto.v1.DType.DTYPE_BOOL;
      case INT8 -> io.gymbridge.proto.v1.DType.DTYPE_INT8;
      case INT16 -> io.gymbridge.proto.v1.DType.DTYPE_INT16;
      case INT32 -> io.gymbridge.proto.v1.DType.DTYPE_INT32;
      case INT64 -> io.gymbridge.proto.v1.DType.DTYPE_INT64;
      case UINT8 -> io.gymbridge.proto.v1.DType.DTYPE_UINT8;
      case UINT16 -> io.gymbridge.proto.v1.DType.DTYPE_UINT16;
      case UINT32 -> io.gymbridge.proto.v1.DType.DTYPE_UINT32;
      case UINT64 -> io.gymbridge.proto.v1.DType.DTYPE_UINT64;
      case FLOAT16 -> io.gymbridge.proto.v1.DType.DTYPE_FLOAT16;
      case FLOAT32 -> io.gymbridge.proto.v1.DType.DTYPE_FLOAT32;
      case FLOAT64 -> io.gymbridge.proto.v1.DType.DTYPE_FLOAT64;
    };
  }

  static DType decode(io.gymbridge.proto.v1.DType dtype) {
    return switch (dtype) {
      case DTYPE_BOOL -> DType.BOOL;
      case DTYPE_INT8 -> DType.INT8;
      case DTYPE_INT16 -> DType.INT16;
      case DTYPE_INT32 -> DType.INT32;
      case DTYPE_INT64 -> DType.INT64;
      case DTYPE_UINT8 -> DType.UINT8;
      case DTYPE_UINT16 -> DType.UINT16;
      case DTYPE_UINT32 -> DType.UINT32;
      case DTYPE_UINT64 -> DType.UINT64;
      case DTYPE_FLOAT16 -> DType.FLOAT16;
      case DTYPE_FLOAT32 -> DType.FLOAT32;
      case DTYPE_FLOAT64 -> DType.FLOAT64;
      case DTYPE_UNSPECIFIED, UNRECOGNIZED ->
          throw new GymException(
              Kind.INVALID_ARGUMENT,
              "got the element type " + dtype + ", expected one that space.proto names");
    };
  }

  /** As {@link #decode}, with {@code int64} where none is given. */
  static DType decodeOrInt64(io.gymbridge.proto.v1.DType dtype) {
    return dtype == io.gymbridge.proto.v1.DType.DTYPE_UNSPECIFIED ? DType.INT64 : decode(dtype);
  }
}
