package dev.weightcast.api;

import java.util.Arrays;
import java.util.Locale;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * What one element of a tensor is, under torch's names.
 *
 * <p>{@link #ncclType()} is the number that the unpacked path puts into a broadcast (NCCL's {@code
 * ncclDataType_t}); a type that NCCL does not know travels packed, as bytes.
 */
public enum DataType {
  /** IEEE 754 double precision. */
  FLOAT64(8, 8),
  /** IEEE 754 single precision. */
  FLOAT32(4, 7),
  /** IEEE 754 half precision. */
  FLOAT16(2, 6),
  /** The upper half of a single-precision number. */
  BFLOAT16(2, 9),
  /** Eight bits: four of exponent, three of mantissa, no infinities. */
  FLOAT8_E4M3FN(1, 10),
  /** Eight bits: five of exponent, two of mantissa. */
  FLOAT8_E5M2(1, 11),
  /** Signed 64 bits. */
  INT64(8, 4),
  /** Signed 32 bits. */
  INT32(4, 2),
  /** Signed 16 bits; packed only. */
  INT16(2, -1),
  /** Signed 8 bits. */
  INT8(1, 0),
  /** Unsigned 64 bits. */
  UINT64(8, 5),
  /** Unsigned 32 bits. */
  UINT32(4, 3),
  /** Unsigned 16 bits; packed only. */
  UINT16(2, -1),
  /** Unsigned 8 bits. */
  UINT8(1, 1),
  /** One byte that is 0 or 1; packed only. */
  BOOL(1, -1);

  private final String torchName = name().toLowerCase(Locale.ROOT);
  private final int byteSize;
  private final int ncclType;

  DataType(int byteSize, int ncclType) {
    this.byteSize = byteSize;
    this.ncclType = ncclType;
  }

  /**
   * The size of one element.
   *
   * @return bytes
   */
  public int byteSize() {
    return byteSize;
  }

  /**
   * The name on the wire: torch's, without {@code torch.}, such as {@code bfloat16}.
   *
   * @return the name in {@code dtype_names}
   */
  public String torchName() {
    return torchName;
  }

  /**
   * NCCL's number for this type.
   *
   * @return the {@code ncclDataType_t}, or empty where NCCL has none
   */
  public OptionalInt ncclType() {
    return ncclType < 0 ? OptionalInt.empty() : OptionalInt.of(ncclType);
  }

  /**
   * The type with the given torch name.
   *
   * @param name such as {@code bfloat16}
   * @return the type
   * @throws InvalidInfoException if there is none; the message lists those there are
   */
  public static DataType fromTorchName(String name) {
    for (DataType type : values()) {
      if (type.torchName.equals(name)) {
        return type;
      }
    }
    throw new InvalidInfoException(
        "unknown dtype '"
            + name
            + "'; known are "
            + Arrays.stream(values()).map(DataType::torchName).collect(Collectors.joining(", ")));
  }

  /** The torch name. */
  @Override
  public String toString() {
    return torchName;
  }
}
