package dev.weightcast.backend.nccl;

import dev.weightcast.spi.collective.DeviceAccount;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.ReentrantLock;

/** What one runtime has made and not closed, in the order it was made. */
final class CudaAccount {

  private final ReentrantLock lock = new ReentrantLock();
  private final Map<AutoCloseable, DeviceAccount.Item> open = new LinkedHashMap<>();

  void opened(AutoCloseable thing, String kind, String label, long bytes) {
    lock.lock();
    try {
      open.put(thing, new DeviceAccount.Item(kind, label, bytes));
    } finally {
      lock.unlock();
    }
  }

  void closed(AutoCloseable thing) {
    lock.lock();
    try {
      open.remove(thing);
    } finally {
      lock.unlock();
    }
  }

  DeviceAccount snapshot() {
    lock.lock();
    try {
      return new DeviceAccount(List.copyOf(open.values()));
    } finally {
      lock.unlock();
    }
  }

  /** What is open of one kind of thing. */
  <T extends AutoCloseable> List<T> open(Class<T> type) {
    lock.lock();
    try {
      return new ArrayList<>(
          open.keySet().stream().filter(type::isInstance).map(type::cast).toList());
    } finally {
      lock.unlock();
    }
  }
}
