package dev.weightcast.api;

import java.util.Objects;

/**
 * A tensor with its data: contiguous bytes, in row-major order, at an offset in some memory.
 *
 * <p>It is a view and owns nothing. The bytes may start anywhere: the packed wire has no padding,
 * so a tensor cut out of a packed buffer may be unaligned ({@link #isAligned()}), and only byte
 * copies of it are safe then.
 *
 * @param spec its name, type and shape
 * @param memory where its bytes are
 * @param byteOffset where in that memory they start
 */
public record Tensor(TensorSpec spec, Memory memory, long byteOffset) {

  /**
   * Checks that the tensor lies within its memory.
   *
   * @throws InvalidInfoException if it does not
   */
  public Tensor {
    Objects.requireNonNull(spec, "spec");
    if (byteOffset < 0 || byteOffset > memory.byteSize() - spec.byteSize()) {
      throw new InvalidInfoException(
          "tensor "
              + spec
              + " needs "
              + spec.byteSize()
              + " bytes at offset "
              + byteOffset
              + ", its memory on "
              + memory.device()
              + " has "
              + memory.byteSize());
    }
  }

  /**
   * A tensor at the start of its memory.
   *
   * @param spec its name, type and shape
   * @param memory where its bytes are
   * @return the tensor
   * @throws InvalidInfoException if the memory is too small
   */
  public static Tensor of(TensorSpec spec, Memory memory) {
    return new Tensor(spec, memory, 0);
  }

  /**
   * The tensor's name.
   *
   * @return the name in its spec
   */
  public String name() {
    return spec.name();
  }

  /**
   * The size of the tensor's data.
   *
   * @return bytes
   */
  public long byteSize() {
    return spec.byteSize();
  }

  /**
   * Where the tensor's data is.
   *
   * @return the memory's device
   */
  public Device device() {
    return memory.device();
  }

  /**
   * Whether the first element's address is a multiple of the element's size. Where it is not, copy
   * the bytes; do not read elements in place.
   *
   * @return true if elements may be read in place
   */
  public boolean isAligned() {
    int unit = spec.dataType().byteSize();
    if (memory instanceof DeviceBuffer buffer) {
      return (buffer.address() + byteOffset) % unit == 0;
    }
    return ((HostMemory) memory).isAligned(byteOffset, unit);
  }
}
