package dev.weightcast.backend.nccl;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.spi.collective.Communicator;
import dev.weightcast.spi.collective.ProcessGroup;
import java.time.Duration;
import java.util.Locale;

/** Broadcasts and nothing else: what the wire can do between these two processes. */
final class LiveRaw {

  private LiveRaw() {}

  /** Joins and leaves, again and again, on one runtime. */
  static void groups(LiveArguments arguments) {
    NcclNatives natives = NcclNatives.load(new JavacppLoader(), System.getProperties());
    NcclCommunicatorFactory factory =
        new NcclCommunicatorFactory(natives.nccl(), natives.version(), new StoreOrIdMeetingPlace());
    Device device = Device.parse(arguments.text("device", "cuda:0"));
    try (CudaRuntime runtime = CudaRuntime.open(natives.cuda(), device);
        DeviceBuffer buffer = runtime.allocate("groups", 1 << 20);
        DeviceStream stream = runtime.createStream("groups")) {
      for (int cycle = 0; cycle < arguments.number("cycles", 30); cycle++) {
        BroadcastInitInfo info = arguments.group("g" + cycle, factory::createUniqueId);
        Deadline deadline = Deadline.after(Duration.ofSeconds(30));
        ProcessGroup group = new ProcessGroup(arguments.isTrainer() ? 0 : 1, info);
        try (Communicator communicator = factory.join(group, runtime, deadline)) {
          communicator.allReduceSum(buffer, 0, 1, DataType.FLOAT32, stream);
          communicator.broadcast(buffer, 0, 1 << 20, DataType.UINT8, 0, stream);
          stream.synchronize(deadline);
        }
        if (cycle % 5 == 4) {
          arguments.barrier("g" + cycle);
          System.out.printf(
              Locale.ROOT,
              "MEMORY|%s|after group %d|process %s%n",
              arguments.text("role", ""),
              cycle + 1,
              LiveMain.residentSize());
          arguments.barrier("gs" + cycle);
        }
      }
    }
  }

  /** All ranks in this JVM; each says what it measured. */
  static long ranks(LiveArguments arguments) {
    int worldSize = arguments.number("world", 2);
    NcclNatives natives = NcclNatives.load(new JavacppLoader(), System.getProperties());
    NcclCommunicatorFactory factory =
        new NcclCommunicatorFactory(natives.nccl(), natives.version(), new StoreOrIdMeetingPlace());
    BroadcastInitInfo info = BroadcastInitInfo.ofUniqueId(factory.createUniqueId(), worldSize);
    return new LiveThreads(worldSize, arguments.text("threads", "platform"))
        .run(
            rank -> {
              run(arguments, natives, factory, new ProcessGroup(rank, info));
              return 0;
            },
            arguments.number("limit", 100));
  }

  static void run(LiveArguments arguments) {
    NcclNatives natives = NcclNatives.load(new JavacppLoader(), System.getProperties());
    NcclCommunicatorFactory factory =
        new NcclCommunicatorFactory(natives.nccl(), natives.version(), new StoreOrIdMeetingPlace());
    BroadcastInitInfo info = arguments.group("raw", factory::createUniqueId);
    run(arguments, natives, factory, new ProcessGroup(arguments.isTrainer() ? 0 : 1, info));
  }

  private static void run(
      LiveArguments arguments,
      NcclNatives natives,
      NcclCommunicatorFactory factory,
      ProcessGroup group) {
    Device device = Device.parse(arguments.text("device", "cuda:0"));
    Deadline deadline = Deadline.after(Duration.ofSeconds(arguments.number("timeout", 120)));
    try (CudaRuntime runtime = CudaRuntime.open(natives.cuda(), device);
        DeviceBuffer buffer = runtime.allocate("raw", 1L << 30);
        DeviceStream stream = runtime.createStream("raw");
        Communicator communicator = factory.join(group, runtime, deadline)) {
      communicator.allReduceSum(buffer, 0, 1, DataType.FLOAT32, stream);
      for (long size : new long[] {4096, 256 << 10, 16 << 20, 1L << 30}) {
        long total = Math.min(4L << 30, 2000 * size);
        for (int warm = 0; warm < 2; warm++) {
          communicator.broadcast(buffer, 0, size, DataType.UINT8, 0, stream);
        }
        stream.synchronize(deadline);
        long start = System.nanoTime();
        for (long done = 0; done < total; done += size) {
          communicator.broadcast(buffer, 0, size, DataType.UINT8, 0, stream);
        }
        stream.synchronize(deadline);
        double seconds = (System.nanoTime() - start) / 1e9;
        System.out.printf(
            Locale.ROOT,
            "RAW|rank %d of %d|NCCL %s|%d bytes each|%d calls|%.1f us a call|%.2f GB/s%n",
            group.rank(),
            group.worldSize(),
            natives.version(),
            size,
            total / size,
            seconds * 1e6 * size / total,
            total / seconds / 1e9);
      }
    }
  }
}
