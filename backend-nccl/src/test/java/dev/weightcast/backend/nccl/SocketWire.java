package dev.weightcast.backend.nccl;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * NCCL between processes without NCCL: non-blocking communicators over sockets, collectives that
 * end behind the stream's earlier work, and an error when the other process is no more. Broadcasts
 * from rank 0, and the sum of one float.
 */
final class SocketWire implements NcclLibrary, AutoCloseable {

  private static final int[] SIZES = {1, 1, 4, 4, 8, 8, 2, 4, 8, 2, 1, 1};

  private final FakeCuda cuda;
  private final Gate gate;
  private final AtomicLong handles = new AtomicLong();
  private final Map<Long, SocketGroup> groups = new ConcurrentHashMap<>();
  private volatile ServerSocket listening;
  private volatile int broadcasts;
  private volatile int last;
  private volatile int flipped = -1;

  SocketWire(FakeCuda cuda, Gate gate) {
    this.cuda = cuda;
    this.gate = gate;
  }

  /** Begins to count the broadcasts of a transfer of so many, or of none. */
  void begin(int expected) {
    broadcasts = 0;
    last = expected;
  }

  /** Ends the connections of all communicators, as a network does. */
  void cut() {
    groups.values().forEach(SocketGroup::cut);
  }

  /** A bit of the broadcast of that number, from 0, is another when this rank has received it. */
  void flip(int broadcast) {
    flipped = broadcast;
  }

  /** What a note between ranks is about now, or nothing of a transfer's. */
  String noteIsAbout() {
    return last == 0 ? "leaving" : broadcasts >= last ? "acknowledgement" : "agreement";
  }

  @Override
  public int version(int[] code) {
    code[0] = 22809;
    return SUCCESS;
  }

  @Override
  public int uniqueId(byte[] id) {
    gate.at("id exchange");
    try {
      close();
      ServerSocket fresh = new ServerSocket();
      fresh.setReceiveBufferSize(SocketPeer.BUFFER);
      fresh.bind(new java.net.InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
      listening = fresh;
      ByteBuffer.wrap(id).putInt(fresh.getLocalPort());
      return SUCCESS;
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static final class Cell implements HandleCell {
    private volatile long value;

    @Override
    public long value() {
      return value;
    }

    @Override
    public void close() {}
  }

  @Override
  public HandleCell newCell() {
    return new Cell();
  }

  @Override
  public int initRank(int device, HandleCell cell, int worldSize, byte[] id, int rank) {
    gate.at("communicator init");
    SocketGroup group = new SocketGroup(cuda, rank, worldSize);
    long handle = handles.incrementAndGet();
    groups.put(handle, group);
    ((Cell) cell).value = handle;
    group.meet(listening, ByteBuffer.wrap(id).getInt());
    return IN_PROGRESS;
  }

  @Override
  public int asyncError(long communicator, int[] state) {
    state[0] = groups.get(communicator).state();
    return SUCCESS;
  }

  @Override
  public int abort(int device, long communicator) {
    groups.remove(communicator).abort();
    return SUCCESS;
  }

  @Override
  public int broadcast(
      int device, long address, long count, int type, int root, long comm, long stream) {
    gate.at("bucket " + broadcasts);
    groups.get(comm).broadcast(address, (int) count * SIZES[type], broadcasts == flipped);
    broadcasts++;
    if (broadcasts == last) {
      gate.at("drain");
    }
    return SUCCESS;
  }

  @Override
  public int allReduceSum(int device, long address, long count, int type, long comm, long stream) {
    gate.at("warm-up");
    groups.get(comm).sum(address);
    return SUCCESS;
  }

  @Override
  public String errorText(int status) {
    return status == 6 ? "remote process exited or there was a network error" : "status " + status;
  }

  @Override
  public String lastError() {
    return "";
  }

  /** Lets the place go at which the ranks meet. */
  @Override
  public void close() {
    ServerSocket present = listening;
    if (present != null) {
      try {
        present.close();
      } catch (IOException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
