package dev.weightcast.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.SourceTensor;
import dev.weightcast.api.Tensor;
import dev.weightcast.api.TensorMismatchException;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.WeightPass;
import dev.weightcast.api.WeightSource;
import dev.weightcast.api.WeightTransferException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {

  private static final TensorSpec A = Tensors.spec("a", DataType.FLOAT32, 2);
  private static final TensorSpec B = Tensors.spec("b", DataType.INT8, 3);

  private static final long SEED = Seeds.next(SafetensorsWriterTest.class);

  @TempDir Path directory;
  private Path file;
  private Random random;

  @BeforeEach
  void begin() {
    file = directory.resolve("model.safetensors");
    random = new Random(SEED);
  }

  // What comes back

  @Test
  void everyTypeComesBackInEveryKindOfShape() {
    List<Tensor> tensors = new ArrayList<>();
    for (DataType type : DataType.values()) {
      tensors.add(Tensors.random(random, type + ".scalar", type));
      tensors.add(Tensors.random(random, type + ".empty", type, 0));
      tensors.add(Tensors.random(random, type + ".hollow", type, 3, 0, Long.MAX_VALUE));
      tensors.add(Tensors.random(random, type + ".odd", type, 3));
      tensors.add(Tensors.random(random, type + ".deep", type, 1, 2, 1, 5, 7));
    }
    Collections.shuffle(tensors, random);
    SafetensorsWriter.writeFile(file, tensors, Map.of());

    SafetensorsSource source = SafetensorsSource.open(file);
    assertThat(source.metadata()).isEmpty();
    assertThat(source.specs())
        .containsExactlyInAnyOrderElementsOf(tensors.stream().map(Tensor::spec).toList());
    for (Tensor tensor : tensors) {
      Tensor read = source.tensor(tensor.name());
      assertThat(Tensors.hex(read)).as(tensor.name()).isEqualTo(Tensors.hex(tensor));
      assertThat(read.isAligned()).as(tensor.name()).isTrue();
    }
  }

  @Test
  void whatWasReadIsWrittenAsItWas() throws IOException {
    SafetensorsWriter.writeFile(file, randomTensors(), Map.of("format", "pt", "a", "\u0000\n"));
    SafetensorsSource source = SafetensorsSource.open(file);
    Path copy = directory.resolve("copy");
    SafetensorsWriter.writeFile(copy, source, source.metadata());
    assertThat(copy).hasSameBinaryContentAs(file);
    assertThat(source.metadata()).containsEntry("a", "\u0000\n").containsEntry("format", "pt");
  }

  @Test
  void theHeaderIsAMultipleOfEightWhateverItSays() throws IOException {
    for (int i = 0; i < 20; i++) {
      try (SafetensorsWriter writer =
          SafetensorsWriter.create(file, List.of(), Map.of("k", "x".repeat(i)))) {
        writer.finish();
        assertThat(writer.byteSize()).isEqualTo(Files.size(file)).matches(size -> size % 8 == 0);
      }
      assertThat(SafetensorsSource.open(file).metadata()).containsEntry("k", "x".repeat(i));
    }
  }

  @Test
  void aTensorMayComeInAnyOrderAndFromTheMiddleOfItsMemory() {
    HostMemory memory = HostMemory.allocate(32);
    memory.write(5, ByteBuffer.wrap(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}));
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, List.of(A, B), Map.of())) {
      writer.write(new Tensor(B, memory, 6));
      writer.write(new Tensor(A, memory, 5));
      writer.finish();
    }
    assertThat(Tensors.contents(SafetensorsSource.open(file)))
        .containsExactly(Map.entry(A, "0102030405060708"), Map.entry(B, "020304"));
  }

  // Whole or not at all

  @Test
  void nothingHasTheNameBeforeTheEnd() throws IOException {
    Files.writeString(file, "before");
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, List.of(A), Map.of())) {
      writer.write(tensor(A));
      assertThat(file).hasContent("before");
      assertThat(files()).hasSize(2).noneMatch(other -> other.endsWith(".safetensors.tmp"));
      writer.finish();
      assertThat(SafetensorsSource.open(file).specs()).containsExactly(A);
    }
    assertThat(files()).containsExactly("model.safetensors");
  }

  @Test
  void closingWithoutFinishingLeavesWhatWasThere() throws IOException {
    Files.writeString(file, "before");
    SafetensorsWriter writer = SafetensorsWriter.create(file, List.of(A), Map.of());
    writer.write(tensor(A));
    writer.close();
    writer.close();
    assertThat(file).hasContent("before");
    assertThat(files()).containsExactly("model.safetensors");
  }

  @Test
  void anOpenSourceKeepsTheFileItHas() {
    Tensor before = tensor(A);
    SafetensorsWriter.writeFile(file, List.of(before), Map.of());
    SafetensorsSource source = SafetensorsSource.open(file);
    SafetensorsWriter.writeFile(file, List.of(tensor(A)), Map.of());
    assertThat(Tensors.contents(source)).containsEntry(A, Tensors.hex(before));
  }

  @Test
  void theFileIsReadableAsOthersInItsDirectoryAre() throws IOException {
    Path other = Files.writeString(directory.resolve("other"), "");
    SafetensorsWriter.writeFile(file, List.of(), Map.of());
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo(PosixFilePermissions.toString(Files.getPosixFilePermissions(other)));
  }

  @Test
  void aFileCannotTakeTheNameOfADirectory() throws IOException {
    Files.createDirectories(file.resolve("sub"));
    assertThatThrownBy(() -> SafetensorsWriter.writeFile(file, List.of(tensor(A)), Map.of()))
        .isInstanceOf(CheckpointIoException.class)
        .hasMessageStartingWith("cannot finish '" + file + "': ");
    assertThat(files()).containsExactly("model.safetensors");
  }

  @Test
  void aDirectoryThatIsNotThere() {
    Path lost = directory.resolve("no/model.safetensors");
    assertThatThrownBy(() -> SafetensorsWriter.create(lost, List.of(), Map.of()))
        .isInstanceOf(CheckpointIoException.class)
        .hasMessage("cannot write '%s': its directory does not exist; create it first", lost);
  }

  @Test
  void anInterruptedWriteLeavesNothing() throws IOException {
    Thread.currentThread().interrupt();
    try {
      assertThatThrownBy(() -> SafetensorsWriter.writeFile(file, List.of(tensor(A)), Map.of()))
          .isInstanceOf(CheckpointIoException.class)
          .hasMessageContaining("ClosedByInterruptException");
    } finally {
      assertThat(Thread.interrupted()).isTrue();
    }
    assertThat(files()).isEmpty();
  }

  // What is refused while writing

  @Test
  void aTensorThatIsMissingAtTheEnd() {
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, List.of(A, B), Map.of())) {
      writer.write(tensor(A));
      assertThatThrownBy(writer::finish)
          .isInstanceOf(TensorMismatchException.class)
          .hasMessage(
              "cannot write '%s': 1 of its 2 tensors are not written yet, the first is 'b' int8"
                  + " [3]",
              file);
      writer.write(tensor(B));
      writer.finish();
    }
    assertThat(SafetensorsSource.open(file).specs()).containsExactly(A, B);
  }

  @Test
  void aTensorThatWasNotAnnounced() {
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, List.of(A), Map.of())) {
      assertThatThrownBy(() -> writer.write(tensor(B)))
          .isInstanceOf(TensorMismatchException.class)
          .hasMessageEndingWith("tensor 'b' int8 [3] was not announced");
      Tensor other = tensor(Tensors.spec("a", DataType.FLOAT32, 1));
      assertThatThrownBy(() -> writer.write(other))
          .isInstanceOf(TensorMismatchException.class)
          .hasMessageEndingWith("tensor 'a' float32 [1] was not announced, but 'a' float32 [2]");
    }
  }

  @Test
  void aTensorThatIsWrittenTwice() {
    try (SafetensorsWriter writer = SafetensorsWriter.create(file, List.of(A), Map.of())) {
      writer.write(tensor(A));
      assertThatThrownBy(() -> writer.write(tensor(A)))
          .isInstanceOf(TensorMismatchException.class)
          .hasMessageEndingWith("tensor 'a' float32 [2] has been written already");
    }
  }

  @Test
  void aTensorOnADevice() {
    Tensor tensor = Tensor.of(A, DeviceBuffer.wrap(Device.cuda(1), 4096, 8));
    assertThatThrownBy(() -> SafetensorsWriter.writeFile(file, List.of(tensor), Map.of()))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("'a' float32 [2] is on cuda:1; copy it to HostMemory first");
  }

  @Test
  void aWriterThatIsDone() {
    SafetensorsWriter writer = SafetensorsWriter.create(file, List.of(A), Map.of());
    writer.close();
    assertThatThrownBy(() -> writer.write(tensor(A)))
        .isInstanceOf(WeightTransferException.class)
        .hasMessageContaining("was finished or closed; create another");
    SafetensorsWriter finished = SafetensorsWriter.create(file, List.of(), Map.of());
    finished.finish();
    assertThatThrownBy(finished::finish)
        .isInstanceOf(WeightTransferException.class)
        .hasMessageContaining("was finished or closed");
  }

  // What no file can have

  @Test
  void namesThatCannotBeWritten() throws IOException {
    assertNotWritten(List.of(A, A), "two tensors are called 'a'");
    assertNotWritten(
        List.of(Tensors.spec("__metadata__", DataType.BOOL)), "the format keeps it for itself");
    assertNotWritten(
        List.of(Tensors.spec("\ud83d", DataType.BOOL)), "tensor '\\ud83d' must be valid");
    assertNotWritten(
        List.of(Tensors.spec("n".repeat(65_537), DataType.BOOL)), "of at most 65536 characters");
    assertThatThrownBy(() -> SafetensorsWriter.create(file, List.of(), Map.of("k", "\udc00")))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("the metadata of 'k' is no valid Unicode");
  }

  @Test
  void sizesThatCannotBeWritten() throws IOException {
    TensorSpec half = Tensors.spec("h1", DataType.UINT8, 1L << 62);
    TensorSpec other = Tensors.spec("h2", DataType.UINT8, 1L << 62);
    assertNotWritten(List.of(half, other), "its data would have 2^63 bytes or more");
    assertNotWritten(
        List.of(Tensors.spec("d", DataType.UINT8, new long[65])), "'d' has 65 dimensions");
    assertThatThrownBy(
            () ->
                SafetensorsWriter.create(
                    file, List.of(), Map.of("k", "x".repeat(Limits.HEADER_BYTES))))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("its header would have 100000032 bytes");
  }

  // Sources

  @Test
  void tensorsAreAwaitedAndReleased() {
    List<String> log = new ArrayList<>();
    WeightSource source = logging(List.of(tensor(A), tensor(B)), List.of(A, B), log);
    SafetensorsWriter.writeFile(file, source, Map.of());
    assertThat(log).containsExactly("await a", "release a", "await b", "release b", "close");
  }

  @Test
  void aPassThatYieldsSomethingElseIsReleasedAndClosed() throws IOException {
    List<String> log = new ArrayList<>();
    WeightSource source = logging(List.of(tensor(B)), List.of(A), log);
    assertThatThrownBy(() -> SafetensorsWriter.writeFile(file, source, Map.of()))
        .isInstanceOf(TensorMismatchException.class)
        .hasMessageContaining("'b' int8 [3] was not announced");
    assertThat(log).containsExactly("await b", "release b", "close");
    assertThat(files()).isEmpty();
  }

  @Test
  void aPassThatEndsEarlyIsNoFile() throws IOException {
    WeightSource source = logging(List.of(), List.of(A), new ArrayList<>());
    assertThatThrownBy(() -> SafetensorsWriter.writeFile(file, source, Map.of()))
        .isInstanceOf(TensorMismatchException.class)
        .hasMessageContaining("1 of its 1 tensors are not written yet");
    assertThat(files()).isEmpty();
  }

  private static WeightSource logging(
      List<Tensor> tensors, List<TensorSpec> specs, List<String> log) {
    return new WeightSource() {
      @Override
      public List<TensorSpec> specs() {
        return specs;
      }

      @Override
      public WeightPass open() {
        WeightPass pass =
            WeightPass.of(tensors.stream().map(tensor -> logging(tensor, log)).iterator());
        return new WeightPass() {
          @Override
          public boolean hasNext() {
            return pass.hasNext();
          }

          @Override
          public SourceTensor next() {
            return pass.next();
          }

          @Override
          public void close() {
            log.add("close");
          }
        };
      }
    };
  }

  private static SourceTensor logging(Tensor tensor, List<String> log) {
    DeviceEvent event =
        new DeviceEvent() {
          @Override
          public long handle() {
            return 0;
          }

          @Override
          public boolean query() {
            return true;
          }

          @Override
          public boolean await(Duration atMost) {
            log.add("await " + tensor.name());
            return true;
          }

          @Override
          public void close() {}
        };
    return SourceTensor.of(tensor)
        .withReadyEvent(event)
        .withRelease(() -> log.add("release " + tensor.name()));
  }

  private void assertNotWritten(List<TensorSpec> specs, String problem) throws IOException {
    assertThatThrownBy(() -> SafetensorsWriter.create(file, specs, Map.of()))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageStartingWith("cannot write '" + file + "': ")
        .hasMessageContaining(problem);
    assertThat(files()).isEmpty();
  }

  private Tensor tensor(TensorSpec spec) {
    return Tensors.random(random, spec.name(), spec.dataType(), spec.shape().dimensions());
  }

  private List<Tensor> randomTensors() {
    List<Tensor> tensors = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      DataType type = DataType.values()[random.nextInt(DataType.values().length)];
      tensors.add(Tensors.random(random, "t" + i, type, random.nextInt(5), random.nextInt(9)));
    }
    return tensors;
  }

  private List<String> files() throws IOException {
    try (Stream<Path> found = Files.list(directory)) {
      return found.map(path -> path.getFileName().toString()).sorted().toList();
    }
  }
}
