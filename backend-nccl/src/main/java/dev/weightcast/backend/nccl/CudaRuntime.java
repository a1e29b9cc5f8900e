package dev.weightcast.backend.nccl;

import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceEvent;
import dev.weightcast.api.DeviceException;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.OutOfDeviceMemoryException;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.spi.collective.DeviceAccount;
import dev.weightcast.spi.collective.DeviceRuntime;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;

/** One engine's CUDA device. */
final class CudaRuntime implements DeviceRuntime {

  private static final Logger LOG = System.getLogger("dev.weightcast.backend.nccl");

  /** A way out for drivers whose batched copies do not do what they should. */
  static final String BATCH_PROPERTY = "weightcast.nccl.batch_copies";

  /** Pinned memory: enough blocks for one to be filled while others are on the bus. */
  private static final int STAGING_BLOCKS = 4;

  private static final int STAGING_BLOCK_BYTES = 16 << 20;

  /** How long closing waits for streams whose work has not ended. */
  private static final Duration CLOSE_PATIENCE = Duration.ofSeconds(10);

  /** How long giving memory back waits for kernels of others. */
  private static final Duration RELEASE_PATIENCE = Duration.ofSeconds(2);

  private static final Duration LOOK = Duration.ofMillis(10);

  private final CudaCalls calls;
  private final CudaAccount account = new CudaAccount();
  private final Staging staging;
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicLong events = new AtomicLong();
  private final List<Supplier<Optional<WeightTransferException>>> channels =
      new CopyOnWriteArrayList<>();
  private volatile boolean batches =
      Boolean.parseBoolean(System.getProperty(BATCH_PROPERTY, "true"));

  private CudaRuntime(CudaCalls calls, int stagingBlocks, int stagingBlockBytes) {
    this.calls = calls;
    this.staging = new Staging(this, stagingBlocks, stagingBlockBytes);
  }

  /**
   * Makes the device ready: its context is made now, not in the middle of a transfer.
   *
   * @throws InvalidInfoException if it is no CUDA device
   * @throws DeviceException if it is not there
   */
  static CudaRuntime open(CudaLibrary cuda, Device device) {
    return open(cuda, device, STAGING_BLOCKS, STAGING_BLOCK_BYTES);
  }

  static CudaRuntime open(CudaLibrary cuda, Device device, int stagingBlocks, int blockBytes) {
    if (!device.type().equals("cuda")) {
      throw new InvalidInfoException(
          "the nccl backend works on CUDA devices, not on " + device + "; write it like cuda:0");
    }
    CudaCalls calls = new CudaCalls(cuda, device);
    int[] count = new int[1];
    calls.check("cudaGetDeviceCount", cuda.deviceCount(count));
    if (device.index() >= count[0]) {
      throw new DeviceException(
          "there is no " + device + " here: CUDA sees " + count[0] + " device(s)");
    }
    calls.check("cudaMemGetInfo", cuda.memoryInfo(device.index(), new long[2]));
    return new CudaRuntime(calls, stagingBlocks, blockBytes);
  }

  CudaCalls calls() {
    return calls;
  }

  Staging staging() {
    return staging;
  }

  CudaAccount ledger() {
    return account;
  }

  boolean isClosed() {
    return closed.get();
  }

  @Override
  public Device device() {
    return calls.device();
  }

  @Override
  public DeviceBuffer allocate(String label, long byteSize) {
    if (byteSize < 0) {
      throw new InvalidInfoException("'" + label + "' cannot have " + byteSize + " bytes");
    }
    checkOpen("allocate '" + label + "'");
    long[] address = new long[1];
    if (byteSize > 0) {
      int status = calls.cuda().allocate(calls.ordinal(), byteSize, address);
      if (status == CudaLibrary.OUT_OF_MEMORY) {
        throw outOfMemory(label, byteSize);
      }
      calls.check("cudaMalloc of " + byteSize + " bytes for '" + label + "'", status);
    }
    CudaBuffer buffer = new CudaBuffer(this, label, address[0], byteSize);
    account.opened(buffer, "buffer", label, byteSize);
    return buffer;
  }

  private OutOfDeviceMemoryException outOfMemory(String label, long byteSize) {
    calls.cuda().forgetError();
    long[] memory = new long[2];
    String free =
        calls.cuda().memoryInfo(calls.ordinal(), memory) == CudaLibrary.SUCCESS
            ? memory[0] + " of " + memory[1] + " bytes are free"
            : "how much is free is not known";
    return new OutOfDeviceMemoryException(
        "cudaMalloc of "
            + byteSize
            + " bytes for '"
            + label
            + "' failed on "
            + device()
            + ": "
            + CudaCalls.describe(calls.cuda(), CudaLibrary.OUT_OF_MEMORY)
            + "; "
            + free
            + ", this engine holds "
            + account.snapshot().bytes(),
        byteSize);
  }

  @Override
  public DeviceStream createStream(String label) {
    checkOpen("create stream '" + label + "'");
    long[] handle = new long[1];
    calls.check(
        "cudaStreamCreateWithFlags for '" + label + "'",
        calls.cuda().createStream(calls.ordinal(), handle));
    CudaStream stream =
        new CudaStream(
            this,
            handle[0],
            self ->
                release(
                    self,
                    "cudaStreamDestroy",
                    cuda -> cuda.destroyStream(calls.ordinal(), handle[0])));
    account.opened(stream, "stream", label, 0);
    return stream;
  }

  @Override
  public DeviceEvent createEvent() {
    checkOpen("create an event");
    CudaEvent event = createEvent(true);
    account.opened(event, "event", "event " + events.incrementAndGet(), 0);
    return event;
  }

  /** An event of the runtime's own, which is on nobody's account. */
  CudaEvent createInternalEvent() {
    return createEvent(false);
  }

  private CudaEvent createEvent(boolean remembers) {
    long[] handle = new long[1];
    calls.check("cudaEventCreateWithFlags", calls.cuda().createEvent(calls.ordinal(), handle));
    return new CudaEvent(
        calls,
        handle[0],
        remembers,
        self ->
            release(
                self, "cudaEventDestroy", cuda -> cuda.destroyEvent(calls.ordinal(), handle[0])));
  }

  @Override
  public DeviceStream wrapStream(long handle) {
    checkOpen("wrap a stream");
    calls.isDone("cudaStreamQuery", calls.cuda().queryStream(calls.ordinal(), handle));
    return new CudaStream(this, handle, self -> {});
  }

  @Override
  public DeviceEvent wrapEvent(long handle) {
    checkOpen("wrap an event");
    if (handle == 0) {
      throw new DeviceException("there is no event 0 on " + device());
    }
    return new CudaEvent(calls, handle, false, self -> {});
  }

  /** Enqueues copies between device memory and device or pinned memory. */
  void enqueue(CopyBatch copies, long stream) {
    // The three reserved handles are the default streams, which take no batches.
    if (batches && copies.count() > 1 && (stream < 0 || stream > 2)) {
      int status = calls.cuda().copyAll(calls.ordinal(), copies, stream);
      if (status != CudaLibrary.NOT_SUPPORTED && status != CudaLibrary.NEEDS_NEWER_DRIVER) {
        calls.check("cudaMemcpyBatchAsync of " + copies.count() + " copies", status);
        return;
      }
      batches = false; // it will not be otherwise the next time
      calls.cuda().forgetError();
    }
    for (int i = 0; i < copies.count(); i++) {
      long bytes = copies.byteSize(i);
      calls.check(
          "cudaMemcpyAsync",
          calls
              .cuda()
              .copy(calls.ordinal(), copies.destination(i), copies.source(i), bytes, stream));
    }
  }

  /** Waits until bytes have landed on the host; the device, an abort or closing ends the wait. */
  void await(Landing landing) {
    try {
      while (!landing.isCarriedOn() && !landing.block().idle().await(LOOK)) {
        checkOpen("wait for a copy");
        checkChannels("waiting for a copy");
      }
      landing.finish();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TransferAbortedException(
          "interrupted while waiting for a copy from " + device(), TransferPhase.DRAIN, 0, 0, e);
    }
  }

  /** Gives something back that is on the account; what goes wrong then is only logged. */
  void release(AutoCloseable thing, String call, ToIntFunction<CudaLibrary> action) {
    account.closed(thing);
    int status = action.applyAsInt(calls.cuda());
    if (status != CudaLibrary.SUCCESS) {
      LOG.log(Level.WARNING, "{0}", calls.failure(call, status).getMessage());
    }
  }

  /**
   * The same for memory, which CUDA takes back when every kernel of the process has ended. On a
   * thread of its own: a kernel of another rank's may wait for ours. An interruption, or {@link
   * #RELEASE_PATIENCE}, ends the wait; the memory follows when CUDA lets it go.
   */
  void releaseMemory(AutoCloseable thing, String call, ToIntFunction<CudaLibrary> action) {
    account.closed(thing);
    Thread thread = new Thread(() -> release(thing, call, action), "weightcast-cuda-free");
    thread.setDaemon(true);
    thread.start();
    try {
      thread.join(RELEASE_PATIENCE.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    if (thread.isAlive()) {
      LOG.log(Level.WARNING, "{0} on {1} waits for somebody else''s kernel", call, device());
    }
  }

  /**
   * Makes waits on this runtime's streams look after a channel whose collectives run there.
   *
   * @param failure what the channel has noticed; cheap
   */
  void watch(Supplier<Optional<WeightTransferException>> failure) {
    channels.add(failure);
  }

  void unwatch(Supplier<Optional<WeightTransferException>> failure) {
    channels.remove(failure);
  }

  /**
   * Checks the channels that are watched.
   *
   * @throws DeviceException if one has failed: what its collectives have enqueued may never end
   */
  void checkChannels(String what) {
    for (Supplier<Optional<WeightTransferException>> channel : channels) {
      Optional<WeightTransferException> failure = channel.get();
      if (failure.isPresent()) {
        throw new DeviceException(
            what + " on " + device() + " ended: " + failure.get().getMessage(), failure.get());
      }
    }
  }

  @Override
  public DeviceAccount account() {
    return account.snapshot();
  }

  @Override
  public DeviceAccount closeAndReport() {
    if (!closed.compareAndSet(false, true)) {
      return DeviceAccount.EMPTY;
    }
    boolean idle = drain();
    if (idle) {
      staging.close();
    }
    DeviceAccount left = account.snapshot();
    account.open(CudaEvent.class).forEach(CudaEvent::close);
    account.open(CudaStream.class).forEach(CudaStream::close);
    if (idle) {
      account.open(CudaBuffer.class).forEach(CudaBuffer::close);
    } else {
      LOG.log(
          Level.WARNING,
          "streams of {0} were still busy after {1}: their memory is left to them: {2}",
          device(),
          CLOSE_PATIENCE,
          left);
    }
    return left;
  }

  /**
   * Waits until nothing runs on the streams made here, nor on others with our pinned memory. An
   * interruption does not shorten it.
   */
  private boolean drain() {
    boolean interrupted = false;
    boolean idle = false;
    boolean time = true;
    Poll poll = new Poll(CLOSE_PATIENCE.toNanos());
    while (!idle && time) {
      idle = account.open(CudaStream.class).stream().noneMatch(this::isBusy) && staging.isIdle();
      try {
        time = idle || poll.pause();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    return idle;
  }

  private boolean isBusy(CudaStream stream) {
    // A stream that has failed has nothing left to do either.
    return calls.cuda().queryStream(calls.ordinal(), stream.handle()) == CudaLibrary.NOT_READY;
  }

  private void checkOpen(String what) {
    if (closed.get()) {
      throw new DeviceException("cannot " + what + ": the runtime of " + device() + " is closed");
    }
  }
}
