package dev.weightcast.rendezvous.internal;

import java.util.List;

/** The requests of torch's store protocol (torch 2.2 and newer), with the fields each carries. */
public enum Operation {
  /** The magic number, first on every connection. */
  VALIDATE(0, false, Field.U32),
  /** Stores a value. */
  SET(1, false, Field.KEY, Field.VALUE),
  /** Stores a value if the present one is as expected. */
  COMPARE_SET(2, false, Field.KEY, Field.VALUE, Field.VALUE),
  /** Reads a value. */
  GET(3, false, Field.KEY),
  /** Adds to a counter. */
  ADD(4, false, Field.KEY, Field.I64),
  /** Asks whether all keys are there. */
  CHECK(5, true, Field.KEY),
  /** Asks to be told when all keys are there. */
  WAIT(6, true, Field.KEY),
  /** Asks how many keys there are. */
  GETNUMKEYS(7, false),
  /** Deletes a key. */
  DELETE_KEY(8, false, Field.KEY),
  /** Lengthens a value. */
  APPEND(9, false, Field.KEY, Field.VALUE),
  /** Reads several values. */
  MULTI_GET(10, true, Field.KEY),
  /** Stores several values. */
  MULTI_SET(11, true, Field.KEY, Field.VALUE),
  /** Ends a wait early. */
  CANCEL_WAIT(12, false),
  /** Asks for the same number back. */
  PING(13, false, Field.U32);

  /** What {@link #VALIDATE} must carry. */
  public static final int MAGIC = 0x3C85F7CE;

  /** The answer to {@link #CHECK}: all keys are there. */
  public static final byte READY = 0;

  /** The answer to {@link #CHECK}: a key is not there. */
  public static final byte NOT_READY = 1;

  /** The answer to {@link #WAIT}: all keys are there. */
  public static final byte STOP_WAITING = 0;

  /** The answer to {@link #CANCEL_WAIT}. */
  public static final byte WAIT_CANCELED = 1;

  /** The kinds of field; a key and a value are a u64 length and that many bytes. */
  public enum Field {
    /** Four bytes, little-endian. */
    U32,
    /** Eight bytes, little-endian. */
    I64,
    /** A string of at most {@link Limits#MAX_KEY_BYTES}. */
    KEY,
    /** A string of at most {@link Limits#MAX_VALUE_BYTES}. */
    VALUE
  }

  private static final List<Operation> BY_CODE = List.of(values());

  private final int code;
  private final boolean counted;

  @SuppressWarnings("ImmutableEnumChecker") // made by List.of, which is immutable
  private final List<Field> fields;

  Operation(int code, boolean counted, Field... fields) {
    this.code = code;
    this.counted = counted;
    this.fields = List.of(fields);
  }

  /**
   * The operation with a code.
   *
   * @param code the first byte of a request
   * @return the operation
   * @throws ProtocolException if there is none
   */
  static Operation of(byte code) throws ProtocolException {
    int index = Byte.toUnsignedInt(code);
    if (index >= BY_CODE.size()) {
      throw new ProtocolException(
          "operation " + index + " is not served here, only 0 to " + (BY_CODE.size() - 1));
    }
    return BY_CODE.get(index);
  }

  byte code() {
    return (byte) code;
  }

  /** Whether a u64 count comes first and the fields repeat that many times. */
  boolean counted() {
    return counted;
  }

  List<Field> fields() {
    return fields;
  }
}
