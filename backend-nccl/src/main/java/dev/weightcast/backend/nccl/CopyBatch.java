package dev.weightcast.backend.nccl;

import java.util.Arrays;

/** Addresses and sizes of copies, as a native batch wants them. Neighbours become one copy. */
final class CopyBatch {

  private long[] destinations = new long[16];
  private long[] sources = new long[16];
  private long[] sizes = new long[16];
  private int count;

  /** Adds a copy; nothing if it is empty. */
  void add(long destination, long source, long byteSize) {
    if (byteSize == 0) {
      return;
    }
    int last = count - 1;
    if (count > 0
        && destinations[last] + sizes[last] == destination
        && sources[last] + sizes[last] == source) {
      sizes[last] += byteSize;
      return;
    }
    if (count == sizes.length) {
      destinations = Arrays.copyOf(destinations, 2 * count);
      sources = Arrays.copyOf(sources, 2 * count);
      sizes = Arrays.copyOf(sizes, 2 * count);
    }
    destinations[count] = destination;
    sources[count] = source;
    sizes[count] = byteSize;
    count++;
  }

  int count() {
    return count;
  }

  long destination(int i) {
    return destinations[i];
  }

  long source(int i) {
    return sources[i];
  }

  long byteSize(int i) {
    return sizes[i];
  }

  /** All destinations, then all sources, then all sizes. */
  long[] toArray() {
    long[] all = new long[3 * count];
    System.arraycopy(destinations, 0, all, 0, count);
    System.arraycopy(sources, 0, all, count, count);
    System.arraycopy(sizes, 0, all, 2 * count, count);
    return all;
  }

  void clear() {
    count = 0;
  }
}
