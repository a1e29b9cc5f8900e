package dev.weightcast.api;

import java.util.Objects;

/**
 * What a tensor is, without its data: its name, the type of its elements and its shape.
 *
 * @param name the parameter's name, such as {@code model.layers.0.mlp.up_proj.weight}; not empty
 * @param dataType the type of one element
 * @param shape how many elements along each dimension
 */
public record TensorSpec(String name, DataType dataType, Shape shape) {

  /**
   * Checks the name and that the size in bytes fits a long.
   *
   * @throws InvalidInfoException if the name is empty or the tensor has 2^63 bytes or more
   */
  public TensorSpec {
    Objects.requireNonNull(dataType, "dataType");
    if (name.isEmpty()) {
      throw new InvalidInfoException(
          "a tensor has an empty name (dtype " + dataType + ", shape " + shape + ")");
    }
    if (shape.elementCount() > Long.MAX_VALUE / dataType.byteSize()) {
      throw new InvalidInfoException(
          "tensor '" + name + "' " + dataType + " " + shape + " has more than 2^63 - 1 bytes");
    }
  }

  /**
   * The size of the tensor's data, contiguous and without padding.
   *
   * @return bytes
   */
  public long byteSize() {
    return shape.elementCount() * dataType.byteSize();
  }

  /** As in {@code 'lm_head.weight' bfloat16 [128256, 4096]}. */
  @Override
  public String toString() {
    return "'" + name + "' " + dataType + " " + shape;
  }
}
