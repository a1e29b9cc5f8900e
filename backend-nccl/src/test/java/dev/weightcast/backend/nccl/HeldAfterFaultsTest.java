package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.Packing;
import dev.weightcast.api.WeightTransferConfig;
import dev.weightcast.backend.loopback.LeakAccount;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The account of everything that this backend holds: threads, sockets, pinned and device memory,
 * streams, events, and the store's keys. After a fault and a recovery there is as much as before,
 * and nothing once the engines are closed.
 *
 * <p>Real are the store, the engines and the logic around NCCL; in place of NCCL there are sockets,
 * and in place of CUDA host memory.
 */
class HeldAfterFaultsTest {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Packing UNPACKED = new Packing(false, 1, 2);
  private static final Packing PACKED = Packing.packed(600_000, 2); // three tensors a bucket

  private final LeakAccount account = LeakAccount.open();

  @AfterEach
  void nothingIsLeft() {
    account.assertNothingLeft(PATIENCE);
  }

  private FaultPair pair(WeightTransferConfig config, Packing packing) throws Exception {
    FaultPair pair = new FaultPair(config, packing);
    account.with("device", pair::onDevices);
    return pair;
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void fiftyUpdatesHoldAsMuchAsTwo(boolean packed) throws Exception {
    WeightTransferConfig config =
        WeightTransferConfig.defaults()
            .withTimeout(Duration.ofSeconds(20))
            .withChecksums(packed); // which have notes of their own
    try (FaultPair pair = pair(config, packed ? PACKED : UNPACKED)) {
      long first = keysOverFiftyUpdates(pair);
      pair.replaceWorker();
      pair.replaceTrainer();
      assertThatThrownBy(() -> connect(pair.port()))
          .as("a store whose group is over")
          .isInstanceOf(ConnectException.class);
      assertThat(keysOverFiftyUpdates(pair)).as("the next group's keys").isEqualTo(first);
    }
  }

  private static long keysOverFiftyUpdates(FaultPair pair) throws Exception {
    well(pair.init());
    well(pair.transfer());
    well(pair.transfer());
    long keys = pair.keys();
    LeakAccount steady = LeakAccount.open().with("device", pair::onDevices);
    for (int transfer = 2; transfer < 50; transfer++) {
      well(pair.transfer());
    }
    become(pair::keys, keys, "the store's keys after 50 transfers");
    steady.assertNothingLeft(PATIENCE);
    return keys;
  }

  private static void connect(int port) throws IOException {
    new Socket(InetAddress.getLoopbackAddress(), port).close();
  }

  @ParameterizedTest
  @EnumSource
  void afterAFaultAndARecoveryThereIsAsMuchAsBefore(PairFault fault) throws Exception {
    WeightTransferConfig config = WeightTransferConfig.defaults().withTimeout(fault.timeout());
    try (FaultPair pair = pair(config, UNPACKED)) {
      well(pair.init());
      well(pair.transfer());
      long keys = pair.keys();
      List<String> held = settled();
      assertThat(held).as("what a group of two holds").contains("device: stream");
      fault.happensTo(pair);
      well(pair.init());
      well(pair.transfer());
      become(pair::keys, keys, "the store's keys after " + fault);
      become(this::held, held, "what is held after " + fault);
    }
  }

  /** What there is more than at the beginning; other threads and sockets of the same kind count. */
  private List<String> held() {
    return account.left(Duration.ofNanos(1)).stream()
        .map(each -> each.replaceAll("(number|port|store-) ?\\d+", "$1"))
        .sorted()
        .toList();
  }

  /** The same once it no longer changes: connections that were just closed are gone. */
  private List<String> settled() {
    List<String> last = held();
    for (int same = 0; same < 20; ) {
      LockSupport.parkNanos(5_000_000);
      List<String> now = held();
      same = now.equals(last) ? same + 1 : 0;
      last = now;
    }
    return last;
  }

  private static <T> void become(Supplier<T> found, T expected, String what) {
    long start = System.nanoTime();
    T now = found.get();
    while (!now.equals(expected) && System.nanoTime() - start < PATIENCE.toNanos()) {
      LockSupport.parkNanos(5_000_000);
      now = found.get();
    }
    assertThat(now).as(what).isEqualTo(expected);
  }

  private static void well(FaultPair.Outcome outcome) {
    assertThat(outcome.trainer()).as("the trainer").isNull();
    assertThat(outcome.worker()).as("the worker").isNull();
  }
}
