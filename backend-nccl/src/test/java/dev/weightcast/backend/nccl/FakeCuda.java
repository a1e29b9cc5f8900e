package dev.weightcast.backend.nccl;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;

/**
 * CUDA on host memory: what is enqueued runs at once, or when the test lets it; any call can be
 * told to fail; what is used after it was freed, or freed twice, is an error.
 */
final class FakeCuda implements CudaLibrary {

  static final long TOTAL = 1L << 30;

  private final NavigableMap<Long, ByteBuffer> memory = new TreeMap<>();
  private final Set<Long> pinned = new HashSet<>();
  private final Set<Long> streams = new HashSet<>();
  private final Map<Long, Boolean> events = new HashMap<>();
  private final Map<String, Deque<Integer>> script = new HashMap<>();
  private final Deque<Work> held = new ArrayDeque<>();
  private final List<String> calls = new ArrayList<>();
  private boolean holding;
  private long nextAddress = 0x10000;
  private long nextHandle = 0x100;
  private long bytesIntoPinned;

  private record Work(BooleanSupplier isReady, Runnable effect) {}

  /** The next such call answers this. */
  synchronized FakeCuda fail(String call, int status) {
    script.computeIfAbsent(call, c -> new ArrayDeque<>()).add(status);
    return this;
  }

  /** From now on, work waits until {@link #release}. */
  synchronized void hold() {
    holding = true;
  }

  synchronized void release() {
    holding = false;
    advance();
  }

  /** Enqueues work that ends by itself some time; what comes after it waits, on all streams. */
  synchronized void enqueueWhen(BooleanSupplier isReady, Runnable effect) {
    held.add(new Work(isReady, effect));
    advance();
  }

  private void advance() {
    while (!held.isEmpty() && !holding && held.element().isReady().getAsBoolean()) {
      held.remove().effect().run();
    }
  }

  synchronized List<String> calls() {
    return List.copyOf(calls);
  }

  synchronized int open() {
    return memory.size() + streams.size() + events.size();
  }

  /** How many bytes copies have brought from the device into pinned memory. */
  synchronized long bytesIntoPinned() {
    return bytesIntoPinned;
  }

  /** What is open, a word for each. */
  synchronized List<String> openByKind() {
    List<String> open = new ArrayList<>();
    memory.forEach(
        (address, bytes) ->
            open.add((pinned.contains(address) ? "pinned" : "buffer") + " of " + bytes.capacity()));
    streams.forEach(each -> open.add("stream"));
    events.keySet().forEach(each -> open.add("event"));
    return open;
  }

  synchronized void put(long address, byte[] bytes) {
    at(address, bytes.length).put(bytes);
  }

  synchronized byte[] get(long address, int size) {
    byte[] bytes = new byte[size];
    at(address, size).get(bytes);
    return bytes;
  }

  private int answer(String call) {
    calls.add(call);
    Deque<Integer> answers = script.get(call);
    return answers == null || answers.isEmpty() ? SUCCESS : answers.removeFirst();
  }

  private void enqueue(Runnable work) {
    if (holding || !held.isEmpty()) {
      held.add(new Work(() -> true, work));
    } else {
      work.run();
    }
  }

  private ByteBuffer at(long address, long size) {
    Map.Entry<Long, ByteBuffer> entry = memory.floorEntry(address);
    if (entry == null || address + size > entry.getKey() + entry.getValue().capacity()) {
      throw new AssertionError("no memory of " + size + " at " + Long.toHexString(address));
    }
    return entry.getValue().slice((int) (address - entry.getKey()), (int) size);
  }

  @Override
  public synchronized int runtimeVersion(int[] version) {
    version[0] = script.containsKey("version") ? script.get("version").removeFirst() : 13000;
    return answer("cudaRuntimeGetVersion");
  }

  @Override
  public synchronized int driverVersion(int[] version) {
    version[0] = 13000;
    return answer("cudaDriverGetVersion");
  }

  @Override
  public synchronized int deviceCount(int[] count) {
    count[0] = script.containsKey("count") ? script.get("count").removeFirst() : 2;
    return answer("cudaGetDeviceCount");
  }

  @Override
  public synchronized int deviceProperties(int device, String[] nameAndMemory) {
    nameAndMemory[0] = "Fake GPU";
    nameAndMemory[1] = Long.toString(TOTAL);
    return answer("cudaGetDeviceProperties");
  }

  @Override
  public synchronized int memoryInfo(int device, long[] freeAndTotal) {
    freeAndTotal[0] = TOTAL - memory.values().stream().mapToLong(ByteBuffer::capacity).sum();
    freeAndTotal[1] = TOTAL;
    return answer("cudaMemGetInfo");
  }

  @Override
  public synchronized int allocate(int device, long byteSize, long[] address) {
    int status = answer("cudaMalloc");
    if (status == SUCCESS) {
      address[0] = nextAddress;
      memory.put(nextAddress, ByteBuffer.allocateDirect((int) byteSize));
      nextAddress += (byteSize + 511) / 256 * 256;
    }
    return status;
  }

  /** Whether memory is taken back at once, or when the test lets it. */
  volatile CountDownLatch freeMayReturn = new CountDownLatch(0);

  @Override
  public int free(int device, long address) {
    try {
      freeMayReturn.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return takeBack(address);
  }

  private synchronized int takeBack(long address) {
    if (address != 0 && memory.remove(address) == null) {
      throw new AssertionError("freed twice: " + address);
    }
    return answer("cudaFree");
  }

  @Override
  public synchronized int allocatePinned(int device, long byteSize, long[] address) {
    int status = allocate(device, byteSize, address);
    calls.set(calls.size() - 1, "cudaHostAlloc");
    pinned.add(address[0]);
    return status;
  }

  @Override
  public synchronized int freePinned(int device, long address) {
    if (!pinned.remove(address)) {
      throw new AssertionError("not pinned: " + address);
    }
    int status = takeBack(address);
    calls.set(calls.size() - 1, "cudaFreeHost");
    return status;
  }

  @Override
  public synchronized ByteBuffer pinnedBytes(long address, int byteSize) {
    return at(address, byteSize);
  }

  @Override
  public synchronized int createStream(int device, long[] handle) {
    handle[0] = nextHandle++;
    streams.add(handle[0]);
    return answer("cudaStreamCreateWithFlags");
  }

  @Override
  public synchronized int destroyStream(int device, long stream) {
    if (!streams.remove(stream)) {
      throw new AssertionError("no stream " + stream);
    }
    return answer("cudaStreamDestroy");
  }

  @Override
  public synchronized int queryStream(int device, long stream) {
    advance();
    int status = answer("cudaStreamQuery");
    return status != SUCCESS ? status : held.isEmpty() ? SUCCESS : NOT_READY;
  }

  @Override
  public synchronized int waitEvent(int device, long stream, long event) {
    return answer("cudaStreamWaitEvent");
  }

  @Override
  public synchronized int createEvent(int device, long[] handle) {
    handle[0] = nextHandle++;
    events.put(handle[0], true);
    return answer("cudaEventCreateWithFlags");
  }

  @Override
  public synchronized int destroyEvent(int device, long event) {
    if (events.remove(event) == null) {
      throw new AssertionError("no event " + event);
    }
    return answer("cudaEventDestroy");
  }

  @Override
  public synchronized int recordEvent(int device, long event, long stream) {
    events.put(event, false);
    enqueue(() -> events.replace(event, true));
    return answer("cudaEventRecord");
  }

  @Override
  public synchronized int queryEvent(int device, long event) {
    advance();
    int status = answer("cudaEventQuery");
    return status != SUCCESS ? status : events.get(event) ? SUCCESS : NOT_READY;
  }

  @Override
  public synchronized int copy(
      int device, long destination, long source, long byteSize, long stream) {
    int status = answer("cudaMemcpyAsync");
    if (status == SUCCESS) {
      enqueue(() -> move(destination, source, byteSize));
    }
    return status;
  }

  @Override
  public synchronized int copyAll(int device, CopyBatch batch, long stream) {
    int status = answer("cudaMemcpyBatchAsync");
    if (status == SUCCESS) {
      for (int i = 0; i < batch.count(); i++) {
        long to = batch.destination(i);
        long from = batch.source(i);
        long size = batch.byteSize(i);
        enqueue(() -> move(to, from, size));
      }
    }
    return status;
  }

  private void move(long to, long from, long size) {
    at(to, size).put(at(from, size));
    if (pinned.contains(memory.floorKey(to))) {
      bytesIntoPinned += size;
    }
  }

  @Override
  public String errorName(int status) {
    return switch (status) {
      case OUT_OF_MEMORY -> "cudaErrorMemoryAllocation";
      case 35 -> "cudaErrorInsufficientDriver";
      case 100 -> "cudaErrorNoDevice";
      case 719 -> "cudaErrorLaunchFailure";
      default -> "cudaErrorOther";
    };
  }

  @Override
  public String errorText(int status) {
    return status == OUT_OF_MEMORY ? "out of memory" : "text of " + status;
  }

  @Override
  public synchronized void forgetError() {
    calls.add("cudaGetLastError");
  }
}
