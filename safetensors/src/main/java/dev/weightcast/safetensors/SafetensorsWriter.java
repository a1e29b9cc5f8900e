package dev.weightcast.safetensors;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorMismatchException;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.WeightPass;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Writes one safetensors file, a tensor at a time: what there will be comes first, the data after
 * it in any order.
 *
 * <pre>{@code
 * try (SafetensorsWriter writer = SafetensorsWriter.create(file, specs, Map.of("format", "pt"))) {
 *   for (Tensor tensor : received) {
 *     writer.write(tensor);
 *   }
 *   writer.finish();
 * }
 * }</pre>
 *
 * <p>Nobody sees half a file: it is written under a hidden name beside its own ({@code
 * .weightcast-….tmp}), brought to the disk, and renamed over whatever had its name before, in one
 * step. Closing without {@link #finish()} leaves what was there before.
 *
 * <p>The bytes are laid out as the reference implementation does it, whatever order the tensors
 * come in: wide types first, then by name, the header padded to a multiple of 8. So every tensor is
 * aligned, and the same tensors and metadata give the same file; metadata is sorted by key, and
 * left out where it is empty. A {@link SafetensorsSource} of the file yields the tensors in that
 * order.
 *
 * <p>Memory stays small: the header, and a few MiB. Used by one thread at a time.
 */
public final class SafetensorsWriter implements AutoCloseable {

  private final FileLayout layout;
  private final HiddenFile output;
  private final Map<String, HeaderEntry> missing;

  private SafetensorsWriter(Path file, FileLayout layout) {
    this.layout = layout;
    this.missing = new LinkedHashMap<>(layout.entries());
    this.output = HiddenFile.create(file, layout.preamble());
  }

  /**
   * Begins a file.
   *
   * @param file what it will be called; its directory must be there
   * @param specs the tensors it will have, in any order
   * @param metadata what {@code __metadata__} will say; loaders of torch's world expect {@code
   *     format} = {@code pt}
   * @return the writer; the caller closes it
   * @throws InvalidInfoException if two tensors have one name, a name cannot be written, or the
   *     header is larger than the format allows; nothing has been created then
   * @throws CheckpointIoException if the file cannot be created
   */
  public static SafetensorsWriter create(
      Path file, List<TensorSpec> specs, Map<String, String> metadata) {
    return new SafetensorsWriter(
        file, FileLayout.of(file, List.copyOf(specs), Map.copyOf(metadata)));
  }

  /**
   * Writes a whole file.
   *
   * @param file what it will be called
   * @param tensors its tensors, on the host, in any order
   * @param metadata what {@code __metadata__} will say
   * @throws InvalidInfoException as {@link #create} does, or if a tensor is on a device
   * @throws CheckpointIoException if the file cannot be written
   */
  public static void writeFile(Path file, List<Tensor> tensors, Map<String, String> metadata) {
    writeFile(file, WeightSource.of(tensors), metadata);
  }

  /**
   * Writes what a source yields in one pass, releasing each tensor when it has been written. Waits
   * at most {@link Deadline#DEFAULT_TIMEOUT} for each ready event.
   *
   * @param file what it will be called
   * @param source its tensors, on the host
   * @param metadata what {@code __metadata__} will say
   * @throws InvalidInfoException as {@link #create} does, or if a tensor is on a device
   * @throws TensorMismatchException if the pass yields other tensors than the source announced
   * @throws CheckpointIoException if the file cannot be written
   */
  public static void writeFile(Path file, WeightSource source, Map<String, String> metadata) {
    try (SafetensorsWriter writer = create(file, source.specs(), metadata);
        WeightPass pass = source.open()) {
      while (pass.hasNext()) {
        writer.writeAndRelease(pass.next());
      }
      writer.finish();
    }
  }

  private void writeAndRelease(SourceTensor tensor) {
    try {
      tensor
          .readyEvent()
          .ifPresent(event -> event.synchronize(Deadline.after(Deadline.DEFAULT_TIMEOUT)));
      write(tensor.tensor());
    } finally {
      tensor.release();
    }
  }

  /**
   * Writes one tensor's data to its place. It may be reused when the call returns.
   *
   * @param tensor one of those announced, on the host, not written before
   * @throws InvalidInfoException if it is on a device
   * @throws TensorMismatchException if it was not announced like this, or was written already
   * @throws CheckpointIoException if it cannot be written; the tensor may be tried again
   * @throws WeightTransferException if the writer was finished or closed
   */
  public void write(Tensor tensor) {
    HeaderEntry entry = layout.entries().get(tensor.name());
    if (entry == null || !entry.spec().equals(tensor.spec())) {
      throw mismatch(
          "tensor "
              + tensor.spec()
              + " was not announced"
              + (entry == null ? "" : ", but " + entry.spec()));
    }
    if (!missing.containsKey(tensor.name())) {
      throw mismatch("tensor " + tensor.spec() + " has been written already");
    }
    if (!(tensor.memory() instanceof HostMemory memory)) {
      throw new InvalidInfoException(
          "cannot write '"
              + output.file()
              + "': tensor "
              + tensor.spec()
              + " is on "
              + tensor.device()
              + "; copy it to HostMemory first, with DeviceStream.copy");
    }
    output.write(
        layout.dataStart() + entry.begin(), memory.buffers(tensor.byteOffset(), tensor.byteSize()));
    missing.remove(tensor.name());
  }

  /**
   * Ends the file and gives it its name. Nothing can be written afterwards.
   *
   * @throws TensorMismatchException if a tensor is still missing; the file may be gone on with
   * @throws CheckpointIoException if the file cannot be brought to the disk or renamed
   * @throws WeightTransferException if the writer was finished or closed
   */
  public void finish() {
    if (!missing.isEmpty()) {
      throw mismatch(
          missing.size()
              + " of its "
              + layout.entries().size()
              + " tensors are not written yet, the first is "
              + missing.values().iterator().next().spec());
    }
    output.publish();
  }

  /**
   * How long the file will be.
   *
   * @return bytes, of header and data
   */
  public long byteSize() {
    return layout.fileSize();
  }

  /** Ends the writer; without {@link #finish()} nothing is left of it. Idempotent, never throws. */
  @Override
  public void close() {
    output.close();
  }

  private TensorMismatchException mismatch(String problem) {
    return new TensorMismatchException("cannot write '" + output.file() + "': " + problem);
  }
}
