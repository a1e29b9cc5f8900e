package dev.weightcast.cli;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Packing;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorSpec;
import java.util.ArrayList;
import java.util.List;

/**
 * One thing that is measured, the same on every rank.
 *
 * @param name what it is called in the table
 * @param packing how tensors are grouped
 * @param bytes how many bytes are moved
 * @param pieceBytes the size of the tensors that the memory is cut into; 0 for those of the list
 * @param loads whether workers copy what they receive into the model's memory
 * @param isChecked whether they compare it then
 */
record BenchStep(
    String name, Packing packing, long bytes, long pieceBytes, boolean loads, boolean isChecked) {

  static final String RAW = "raw";
  static final String PACKED = "packed";
  static final String UNPACKED = "unpacked";

  /** Raw broadcasts are as large as they can be, up to this. */
  private static final long RAW_PIECE = 1L << 30;

  private static final long SWEEP_BYTES = 256L << 20;
  private static final int SWEEP_TENSORS = 500;
  private static final long SMALLEST = 4 << 10;

  /** Whether it belongs to the curve of bandwidth against tensor size. */
  boolean isOfTheCurve() {
    return !name.equals(RAW) && pieceBytes > 0;
  }

  List<Tensor> tensors(DeviceModel model) {
    return pieceBytes == 0 ? model.tensors() : model.pieces(bytes, pieceBytes);
  }

  /** All that is measured of a list. */
  static List<BenchStep> of(List<TensorSpec> specs, BufferOptions buffers, boolean withCurve) {
    long bytes = specs.stream().mapToLong(TensorSpec::byteSize).sum();
    List<BenchStep> steps = new ArrayList<>();
    steps.add(new BenchStep(RAW, buffers.packing(false), bytes, RAW_PIECE, false, false));
    steps.add(new BenchStep(PACKED, buffers.packing(true), bytes, 0, true, true));
    if (specs.stream().map(TensorSpec::dataType).allMatch(BenchStep::travelsUnpacked)) {
      steps.add(new BenchStep(UNPACKED, buffers.packing(false), bytes, 0, true, true));
    }
    for (long size = SMALLEST; withCurve && size <= bytes; size *= 4) {
      long part = Math.min(Math.min(bytes, Math.max(size, SWEEP_BYTES)), size * SWEEP_TENSORS);
      long whole = part / size * size;
      steps.add(new BenchStep(PACKED, buffers.packing(true), whole, size, true, false));
      steps.add(new BenchStep(UNPACKED, buffers.packing(false), whole, size, true, false));
    }
    return steps;
  }

  static boolean travelsUnpacked(DataType type) {
    return type.ncclType().isPresent();
  }
}
