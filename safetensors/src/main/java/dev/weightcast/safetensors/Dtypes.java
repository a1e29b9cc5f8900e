package dev.weightcast.safetensors;

import dev.weightcast.api.DataType;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The format's names for the types of elements.
 *
 * <p>In the order in which the reference implementation lays tensors out, back to front: a writer
 * that starts with the last of them needs no padding to keep every tensor aligned.
 */
enum Dtypes {
  BOOL(DataType.BOOL),
  U8(DataType.UINT8),
  I8(DataType.INT8),
  F8_E5M2(DataType.FLOAT8_E5M2),
  F8_E4M3(DataType.FLOAT8_E4M3FN),
  I16(DataType.INT16),
  U16(DataType.UINT16),
  F16(DataType.FLOAT16),
  BF16(DataType.BFLOAT16),
  I32(DataType.INT32),
  U32(DataType.UINT32),
  F32(DataType.FLOAT32),
  F64(DataType.FLOAT64),
  I64(DataType.INT64),
  U64(DataType.UINT64);

  private final DataType dataType;

  Dtypes(DataType dataType) {
    this.dataType = dataType;
  }

  DataType dataType() {
    return dataType;
  }

  /** The format's name is the constant's; empty where Weightcast has no such type. */
  static Optional<DataType> find(String name) {
    return Arrays.stream(values())
        .filter(type -> type.name().equals(name))
        .map(Dtypes::dataType)
        .findFirst();
  }

  static Dtypes of(DataType dataType) {
    return switch (dataType) {
      case BOOL -> BOOL;
      case UINT8 -> U8;
      case INT8 -> I8;
      case FLOAT8_E5M2 -> F8_E5M2;
      case FLOAT8_E4M3FN -> F8_E4M3;
      case INT16 -> I16;
      case UINT16 -> U16;
      case FLOAT16 -> F16;
      case BFLOAT16 -> BF16;
      case INT32 -> I32;
      case UINT32 -> U32;
      case FLOAT32 -> F32;
      case FLOAT64 -> F64;
      case INT64 -> I64;
      case UINT64 -> U64;
    };
  }

  static String known() {
    return Arrays.stream(values()).map(Dtypes::name).collect(Collectors.joining(", "));
  }
}
