package dev.weightcast.api;

import java.util.Arrays;
import java.util.List;

/**
 * How many elements a tensor has along each of its dimensions; a scalar has no dimensions and one
 * element.
 */
public final class Shape {

  private static final Shape SCALAR = new Shape(new long[0]);

  private final long[] dimensions;
  private final long elementCount;

  private Shape(long[] dimensions) {
    this.dimensions = dimensions;
    this.elementCount = count(dimensions);
  }

  /**
   * The shape with the given dimensions.
   *
   * @param dimensions the size along each dimension, outermost first; none for a scalar; zeros make
   *     the tensor empty
   * @return the shape
   * @throws InvalidInfoException if a dimension is negative or the elements are too many for a long
   */
  public static Shape of(long... dimensions) {
    return dimensions.length == 0 ? SCALAR : new Shape(dimensions.clone());
  }

  /**
   * The shape with the given dimensions.
   *
   * @param dimensions the size along each dimension, outermost first
   * @return the shape
   * @throws InvalidInfoException if a dimension is negative or the elements are too many for a long
   */
  public static Shape of(List<Long> dimensions) {
    return of(dimensions.stream().mapToLong(Long::longValue).toArray());
  }

  /**
   * The shape without dimensions.
   *
   * @return the shape of one element
   */
  public static Shape scalar() {
    return SCALAR;
  }

  private static long count(long[] dimensions) {
    long count = 1;
    boolean empty = false;
    for (long dimension : dimensions) {
      if (dimension < 0) {
        throw new InvalidInfoException(
            "shape " + Arrays.toString(dimensions) + " has a negative dimension");
      }
      empty |= dimension == 0;
    }
    if (empty) {
      return 0;
    }
    for (long dimension : dimensions) {
      long next = count * dimension;
      if (Math.multiplyHigh(count, dimension) != 0 || next < 0) {
        throw new InvalidInfoException(
            "shape " + Arrays.toString(dimensions) + " has more than 2^63 - 1 elements");
      }
      count = next;
    }
    return count;
  }

  /**
   * The size along each dimension, outermost first.
   *
   * @return a fresh array, empty for a scalar
   */
  public long[] dimensions() {
    return dimensions.clone();
  }

  /**
   * The product of the dimensions.
   *
   * @return how many elements a tensor of this shape has; one for a scalar
   */
  public long elementCount() {
    return elementCount;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape && Arrays.equals(dimensions, shape.dimensions);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dimensions);
  }

  /** The dimensions as in {@code [4096, 14336]}. */
  @Override
  public String toString() {
    return Arrays.toString(dimensions);
  }
}
