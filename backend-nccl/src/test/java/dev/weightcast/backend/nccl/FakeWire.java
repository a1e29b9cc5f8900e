package dev.weightcast.backend.nccl;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashMap;
import java.util.Map;

/** What joins the {@link RankOnWire} of one group: broadcasts by their number, and who is there. */
final class FakeWire {

  private final Map<String, byte[]> sent = new HashMap<>();
  private int joined;
  private String flipped = "";

  synchronized void join() {
    joined++;
  }

  synchronized int joined() {
    return joined;
  }

  synchronized void put(String key, byte[] bytes) {
    if (!flipped.isEmpty() && key.startsWith(flipped)) {
      bytes[bytes.length / 2] ^= 4;
    }
    sent.put(key, bytes);
  }

  /** One bit of the n-th collective changes on its way; the warm-up is 0. */
  synchronized void flip(int number) {
    flipped = "b" + number + " ";
  }

  synchronized byte[] take(String key) {
    return sent.get(key);
  }

  /** NCCL as one rank sees it, non-blocking: each call is in progress until it can end. */
  static final class RankOnWire implements NcclLibrary {

    private static final int[] SIZES = {1, 1, 4, 4, 8, 8, 2, 4, 8, 2, 1, 1};

    private final FakeWire wire;
    private final FakeCuda cuda;
    private int worldSize;
    private int rank;
    private int number;
    private Step step = () -> true;

    private interface Step {
      boolean ends();
    }

    RankOnWire(FakeWire wire, FakeCuda cuda) {
      this.wire = wire;
      this.cuda = cuda;
    }

    @Override
    public int version(int[] code) {
      code[0] = 22809;
      return SUCCESS;
    }

    @Override
    public int uniqueId(byte[] id) {
      id[0] = 7;
      return SUCCESS;
    }

    @Override
    public HandleCell newCell() {
      return new FakeNccl().newCell();
    }

    @Override
    public int initRank(int device, HandleCell cell, int size, byte[] id, int self) {
      if (id[0] != 7) {
        return 4;
      }
      worldSize = size;
      rank = self;
      wire.join();
      step = () -> wire.joined() >= worldSize;
      return IN_PROGRESS;
    }

    @Override
    public int asyncError(long communicator, int[] state) {
      boolean ended = step.ends();
      if (ended) {
        step = () -> true; // a later look must not write again where something else is by now
      }
      state[0] = ended ? SUCCESS : IN_PROGRESS;
      return SUCCESS;
    }

    @Override
    public int abort(int device, long communicator) {
      step = () -> true;
      return SUCCESS;
    }

    @Override
    public int broadcast(
        int device, long address, long count, int type, int root, long comm, long stream) {
      String key = "b" + number++ + " of " + count + " of type " + type;
      int size = (int) count * SIZES[type];
      if (rank == root) {
        wire.put(key, cuda.get(address, size));
        return SUCCESS;
      }
      step =
          () -> {
            byte[] bytes = wire.take(key);
            if (bytes != null) {
              cuda.put(address, bytes);
            }
            return bytes != null;
          };
      return IN_PROGRESS;
    }

    @Override
    public int allReduceSum(
        int device, long address, long count, int type, long comm, long stream) {
      if (count != 1) {
        return 4;
      }
      String key = "r" + number++ + " from ";
      wire.put(key + rank, cuda.get(address, Float.BYTES));
      step =
          () -> {
            float sum = 0;
            for (int i = 0; i < worldSize; i++) {
              byte[] bytes = wire.take(key + i);
              if (bytes == null) {
                return false;
              }
              sum += floats(bytes).getFloat(0);
            }
            byte[] result = new byte[Float.BYTES];
            floats(result).putFloat(0, sum);
            cuda.put(address, result);
            return true;
          };
      return IN_PROGRESS;
    }

    private static ByteBuffer floats(byte[] bytes) {
      return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
    }

    @Override
    public String errorText(int status) {
      return "status " + status;
    }

    @Override
    public String lastError() {
      return "";
    }
  }
}
