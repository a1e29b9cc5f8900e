package dev.weightcast.safetensors;

/** How large a header may be; what the reader refuses, the writer does not write either. */
final class Limits {

  /** The format's own limit on a header, also applied to an index. */
  static final int HEADER_BYTES = 100_000_000;

  /** Some ten times what the largest models have in all their shards together. */
  static final int TENSORS = 1 << 20;

  /** NumPy's limit; torch's own kernels stop earlier. */
  static final int DIMENSIONS = 64;

  /** Of a tensor's name and of a key of the metadata. */
  static final int NAME_CHARACTERS = 1 << 16;

  /** A header needs three; the rest is for fields that a later version may add. */
  static final int NESTING = 32;

  private Limits() {}
}
