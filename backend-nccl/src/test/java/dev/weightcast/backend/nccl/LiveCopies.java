package dev.weightcast.backend.nccl;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.HostMemory;
import dev.weightcast.api.MemoryCopy;
import dev.weightcast.api.Shape;
import dev.weightcast.api.TensorSpec;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Copies in all directions on a real device, checked and timed. */
final class LiveCopies {

  private static final long SIZE = 2L << 30;
  private static final int PIECES = 3000;

  private LiveCopies() {}

  /** Gives the number of wrong bytes. */
  static long run(LiveArguments arguments) {
    NcclNatives natives = NcclNatives.load(new JavacppLoader(), System.getProperties());
    Device device = Device.parse(arguments.text("device", "cuda:0"));
    TensorSpec spec = new TensorSpec("copies", DataType.UINT8, Shape.of(SIZE));
    HostMemory from = HostMemory.allocate(SIZE);
    HostMemory to = HostMemory.allocate(SIZE);
    long at = 0;
    for (ByteBuffer buffer : from.buffers(0, SIZE)) {
      LiveContent.fill(spec, at, buffer);
      at += buffer.capacity();
    }
    try (CudaRuntime runtime = CudaRuntime.open(natives.cuda(), device);
        DeviceBuffer first = runtime.allocate("first", SIZE);
        DeviceBuffer second = runtime.allocate("second", SIZE);
        DeviceStream stream = runtime.createStream("copies")) {
      for (int round = 0; round < 2; round++) {
        time("host to device", stream, List.of(new MemoryCopy(from, 0, first, 0, SIZE)));
        time("device to device, one", stream, List.of(new MemoryCopy(first, 0, second, 0, SIZE)));
        time("device to device, 3,000", stream, scattered(first, second));
        time("device to host", stream, List.of(new MemoryCopy(second, 0, to, 0, SIZE)));
      }
    }
    long wrong = 0;
    at = 0;
    for (ByteBuffer buffer : to.buffers(0, SIZE)) {
      wrong += LiveContent.differences(spec, at, buffer);
      at += buffer.capacity();
    }
    System.out.println("RAW|copies|" + (wrong == 0 ? "all bytes equal" : wrong + " WRONG"));
    return wrong;
  }

  /** The same bytes in pieces of many sizes, every other first, so that no two are neighbours. */
  private static List<MemoryCopy> scattered(DeviceBuffer from, DeviceBuffer to) {
    List<MemoryCopy> copies = new ArrayList<>();
    for (int half = 0; half < 2; half++) {
      for (int i = half; i < PIECES; i += 2) {
        long start = SIZE * i / PIECES;
        long end = SIZE * (i + 1) / PIECES;
        copies.add(new MemoryCopy(from, start, to, start, end - start));
      }
    }
    return copies;
  }

  private static void time(String what, DeviceStream stream, List<MemoryCopy> copies) {
    long start = System.nanoTime();
    stream.copy(copies);
    long enqueued = System.nanoTime();
    stream.synchronize(Deadline.after(Duration.ofSeconds(60)));
    long done = System.nanoTime();
    System.out.printf(
        Locale.ROOT,
        "RAW|copies|%s|enqueued in %.2f ms|done in %.2f ms|%.1f GB/s%n",
        what,
        (enqueued - start) / 1e6,
        (done - start) / 1e6,
        (double) SIZE / (done - start));
  }
}
