package dev.weightcast.spi.collective;

import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.TensorMismatchException;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.WeightPass;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * A pass over a source, held against what the source announced, tensor by tensor: the first
 * difference is named before its bucket is sent.
 */
final class CheckedPass {

  private final WeightPass pass;
  private final List<TensorSpec> announced;
  private int position;

  CheckedPass(WeightPass pass, List<TensorSpec> announced) {
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
      finish();
    }
    return tensors;
  }

  /** Checks that the source has nothing more than it announced. */
  void finish() {
    if (pass.hasNext()) {
      SourceTensor extra = pass.next();
      TensorSpec spec = extra.tensor().spec();
      extra.release();
      throw new TensorMismatchException(
          "the source announced " + announced.size() + " tensors and yields one more: " + spec);
    }
  }

  private SourceTensor next(TensorSpec expected, OperationProgress progress) {
    try {
      if (pass.hasNext()) {
        return Objects.requireNonNull(pass.next(), "it yielded null");
      }
    } catch (TransferException e) {
      throw e;
    } catch (RuntimeException e) {
      throw progress.deadline().isOver()
          ? progress.over(List.of(), e)
          : progress.failed("the source at " + expected, e);
    }
    throw new TensorMismatchException(
        ordinal() + "was announced as " + expected + ", but the source ended before it");
  }

  private String ordinal() {
    return "tensor " + (position + 1) + " of " + announced.size() + " ";
  }
}
