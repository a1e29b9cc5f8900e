package dev.weightcast.spi.collective;

import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.TensorMismatchException;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.WeightPass;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A pass over a source, held against what the source announced, tensor by tensor: the first
 * difference is named before its bucket is sent.
 */
final class CheckedPass {

  private final CollectiveEngine engine;
  private final WeightPass pass;
  private final List<TensorSpec> announced;
  private int position;

  CheckedPass(CollectiveEngine engine, WeightPass pass, List<TensorSpec> announced) {
    this.engine = engine;
    this.pass = pass;
    this.announced = announced;
  }

  /** The tensors of the next bucket; the slot holds each from the moment it is here. */
  List<SourceTensor> take(Bucket bucket, PackedBuffer slot, OperationProgress progress) {
    List<SourceTensor> tensors = new ArrayList<>(bucket.specs().size());
    for (TensorSpec expected : bucket.specs()) {
      SourceTensor tensor = next(expected, progress);
      slot.hold(tensor);
      if (!tensor.tensor().spec().equals(expected)) {
        throw new TensorMismatchException(
            ordinal()
                + "was announced as "
                + expected
                + ", but the source yields "
                + tensor.tensor().spec()
                + "; nothing of its bucket was sent");
      }
      tensors.add(tensor);
      position++;
    }
    if (position == announced.size()) {
      finish(progress);
    }
    return tensors;
  }

  /** Checks that the source has nothing more than it announced. */
  void finish(OperationProgress progress) {
    SourceTensor extra = next("its end", progress);
    if (extra != null) {
      TensorSpec spec = extra.tensor().spec();
      extra.release();
      throw new TensorMismatchException(
          "the source announced " + announced.size() + " tensors and yields one more: " + spec);
    }
  }

  private SourceTensor next(TensorSpec expected, OperationProgress progress) {
    SourceTensor tensor = next(expected.toString(), progress);
    if (tensor == null) {
      throw new TensorMismatchException(
          ordinal() + "was announced as " + expected + ", but the source ended before it");
    }
    return tensor;
  }

  private @Nullable SourceTensor next(String where, OperationProgress progress) {
    try {
      return pass.hasNext() ? Objects.requireNonNull(pass.next(), "it yielded null") : null;
    } catch (Exception e) { // also checked ones: not every source is written in Java
      throw engine.thrownBy("the source at " + where, e, progress);
    }
  }

  private String ordinal() {
    return "tensor " + (position + 1) + " of " + announced.size() + " ";
  }
}
