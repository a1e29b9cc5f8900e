package dev.weightcast.backend.nccl;

import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;

/** The ranks of one {@link SocketWire} communicator: all of them connected to rank 0. */
final class SocketGroup {

  private final FakeCuda cuda;
  private final int rank;
  private final int worldSize;
  private final Map<Integer, SocketPeer> peers = new ConcurrentHashMap<>();
  private volatile boolean complete;
  private volatile boolean broken;
  private volatile boolean aborted;

  SocketGroup(FakeCuda cuda, int rank, int worldSize) {
    this.cuda = cuda;
    this.rank = rank;
    this.worldSize = worldSize;
  }

  /** Meets the others, on a thread of its own. */
  void meet(ServerSocket listening, int port) {
    Thread thread = new Thread(() -> meetNow(listening, port), "wire-meet");
    thread.setDaemon(true);
    thread.start();
  }

  private void meetNow(ServerSocket listening, int port) {
    try {
      if (rank == 0) {
        while (peers.size() < worldSize - 1 && !aborted) {
          Socket socket = listening.accept();
          add(new DataInputStream(socket.getInputStream()).readInt(), socket);
        }
      } else {
        Socket socket = new Socket();
        socket.setReceiveBufferSize(SocketPeer.BUFFER);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 5000);
        new DataOutputStream(socket.getOutputStream()).writeInt(rank);
        add(0, socket);
      }
      complete = true;
    } catch (IOException e) {
      broken = true;
    }
  }

  private void add(int other, Socket socket) throws IOException {
    socket.setSendBufferSize(SocketPeer.BUFFER);
    socket.setTcpNoDelay(true);
    peers.put(other, new SocketPeer(socket, () -> broken = true));
    if (aborted) {
      abort();
    }
  }

  int state() {
    return broken ? 6 : complete ? NcclLibrary.SUCCESS : NcclLibrary.IN_PROGRESS;
  }

  void abort() {
    aborted = true;
    peers.values().forEach(SocketPeer::close);
  }

  /** The network ends every connection; nobody here has left. */
  void cut() {
    peers.values().forEach(SocketPeer::close);
  }

  void broadcast(long address, int size, boolean flips) {
    cuda.enqueueWhen(
        rank == 0 ? sending(() -> cuda.get(address, size)) : receiving(address),
        () -> {
          if (flips) {
            flip(address + size / 2);
          }
        });
  }

  private void flip(long address) {
    byte[] one = cuda.get(address, 1);
    one[0] ^= 4;
    cuda.put(address, one);
  }

  /** One float of each rank becomes their sum. */
  void sum(long address) {
    if (rank == 0) {
      cuda.enqueueWhen(collecting(address), () -> {});
      cuda.enqueueWhen(sending(() -> cuda.get(address, Float.BYTES)), () -> {});
    } else {
      cuda.enqueueWhen(sending(() -> cuda.get(address, Float.BYTES)), () -> {});
      cuda.enqueueWhen(receiving(address), () -> {});
    }
  }

  private interface Content {
    byte[] now();
  }

  private BooleanSupplier sending(Content content) {
    AtomicInteger left = new AtomicInteger(-1);
    return () -> {
      if (!aborted && left.get() < 0) {
        byte[] bytes = content.now();
        left.set(peers.size());
        peers.values().forEach(peer -> peer.send(bytes, left::decrementAndGet));
      }
      return aborted || left.get() == 0;
    };
  }

  private BooleanSupplier receiving(long address) {
    return () -> {
      byte[] bytes = aborted ? null : peers.get(0).poll();
      if (bytes != null) {
        cuda.put(address, bytes);
      }
      return aborted || bytes != null;
    };
  }

  private BooleanSupplier collecting(long address) {
    Map<Integer, byte[]> got = new ConcurrentHashMap<>();
    return () -> {
      if (aborted) {
        return true;
      }
      peers.forEach(
          (other, peer) -> {
            byte[] bytes = got.containsKey(other) ? null : peer.poll();
            if (bytes != null) {
              got.put(other, bytes);
            }
          });
      if (got.size() < worldSize - 1) {
        return false;
      }
      float sum = asFloat(cuda.get(address, Float.BYTES)).getFloat(0);
      for (byte[] bytes : got.values()) {
        sum += asFloat(bytes).getFloat(0);
      }
      byte[] result = new byte[Float.BYTES];
      asFloat(result).putFloat(0, sum);
      cuda.put(address, result);
      return true;
    };
  }

  private static ByteBuffer asFloat(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }
}
