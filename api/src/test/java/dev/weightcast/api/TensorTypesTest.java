package dev.weightcast.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TensorTypesTest {

  @ParameterizedTest
  @CsvSource({
    "int8,0,1",
    "uint8,1,1",
    "int32,2,4",
    "uint32,3,4",
    "int64,4,8",
    "uint64,5,8",
    "float16,6,2",
    "float32,7,4",
    "float64,8,8",
    "bfloat16,9,2",
    "float8_e4m3fn,10,1",
    "float8_e5m2,11,1",
    "int16,-1,2",
    "uint16,-1,2",
    "bool,-1,1"
  })
  void aTypeHasTorchsNameNcclsNumberAndItsSize(String name, int nccl, int bytes) {
    DataType type = DataType.fromTorchName(name);
    assertThat(type.torchName()).isEqualTo(name);
    assertThat(type.ncclType().orElse(-1)).isEqualTo(nccl);
    assertThat(type.byteSize()).isEqualTo(bytes);
  }

  @Test
  void aScalarHasOneElementAndAnEmptyTensorNone() {
    assertThat(Shape.scalar().elementCount()).isOne();
    assertThat(Shape.of(3, 0, Long.MAX_VALUE, Long.MAX_VALUE).elementCount()).isZero();
    assertThat(Shape.of(3, 4)).isEqualTo(Shape.of(3, 4)).hasToString("[3, 4]");
  }

  @Test
  void sizesThatDoNotFitALongAreRefused() {
    assertThatThrownBy(() -> Shape.of(1L << 32, 1L << 32))
        .hasMessageContaining("more than 2^63 - 1 elements");
    assertThatThrownBy(() -> Shape.of(3, -1)).hasMessage("shape [3, -1] has a negative dimension");
    assertThatThrownBy(() -> new TensorSpec("w", DataType.FLOAT64, Shape.of(1L << 61)))
        .hasMessageContaining("more than 2^63 - 1 bytes");
    assertThat(new TensorSpec("w", DataType.FLOAT32, Shape.of(1L << 40)).byteSize())
        .isEqualTo(1L << 42);
  }

  @Test
  void aTensorMustLieWithinItsMemory() {
    TensorSpec spec = new TensorSpec("w", DataType.FLOAT32, Shape.of(3));
    HostMemory memory = HostMemory.allocate(16);
    assertThat(new Tensor(spec, memory, 4).byteSize()).isEqualTo(12);
    assertThatThrownBy(() -> new Tensor(spec, memory, 5))
        .hasMessage("tensor 'w' float32 [3] needs 12 bytes at offset 5, its memory on cpu has 16");
  }

  @Test
  void aTensorKnowsWhetherItIsAligned() {
    TensorSpec spec = new TensorSpec("w", DataType.FLOAT32, Shape.of(1));
    HostMemory host = HostMemory.allocate(16);
    assertThat(new Tensor(spec, host, 4).isAligned()).isTrue();
    assertThat(new Tensor(spec, host, 3).isAligned()).isFalse();
    ByteBuffer odd = ByteBuffer.allocateDirect(16).position(1);
    assertThat(new Tensor(spec, HostMemory.wrap(odd), 0).isAligned()).isFalse();
    DeviceBuffer device = DeviceBuffer.wrap(Device.cuda(0), 0x1002, 16);
    assertThat(new Tensor(spec, device, 0).isAligned()).isFalse();
    assertThat(new Tensor(spec, device, 2).isAligned()).isTrue();
  }

  @Test
  void devicesAreWrittenAsTorchWritesThem() {
    assertThat(Device.parse("cuda:3")).isEqualTo(Device.cuda(3)).hasToString("cuda:3");
    assertThat(Device.parse("cuda")).isEqualTo(Device.cuda(0));
    assertThat(Device.parse("cpu")).isEqualTo(Device.CPU).hasToString("cpu");
    assertThatThrownBy(() -> Device.parse("CUDA 0"))
        .hasMessage("no device 'CUDA 0'; write it like cpu, cuda:0");
  }

  @Test
  void hostMemoryReadsAndWritesAtAnyOffset() {
    HostMemory memory = HostMemory.allocate(64);
    memory.write(7, ByteBuffer.wrap(new byte[] {1, 2, 3, 4}));
    ByteBuffer read = ByteBuffer.allocate(4).order(ByteOrder.BIG_ENDIAN);
    memory.read(7, read);
    assertThat(read.getInt(0)).isEqualTo(0x01020304);
    HostMemory copy = HostMemory.allocate(4);
    copy.copyFrom(0, memory, 7, 4);
    assertThat(copy.buffers(0, 4).get(0).getInt(0)).isEqualTo(0x01020304);
    assertThatThrownBy(() -> memory.read(61, read.clear()))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> copy.copyFrom(1, memory, 0, 4))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void aCopyMustFitBothEnds() {
    HostMemory small = HostMemory.allocate(8);
    assertThatThrownBy(() -> new MemoryCopy(small, 4, small, 0, 5))
        .hasMessage("a copy of 5 bytes at offset 4 does not fit its source of 8 bytes on cpu");
  }
}
