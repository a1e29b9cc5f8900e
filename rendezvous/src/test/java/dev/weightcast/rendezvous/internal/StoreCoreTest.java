package dev.weightcast.rendezvous.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class StoreCoreTest {

  private static final class FakePeer implements StoreCore.Peer {
    private final List<Byte> answers = new ArrayList<>();

    @Override
    public void answer(ByteBuffer part) {
      while (part.hasRemaining()) {
        answers.add(part.get());
      }
    }

    @Override
    public void reserveAnswer(long bytes) {}
  }

  private final List<String> heard = new ArrayList<>();
  private final StoreCore core =
      new StoreCore(new KeyTable(new MemoryBudget("the store", 1 << 20)), heard::add);
  private final FakePeer waiter = new FakePeer();
  private final FakePeer setter = new FakePeer();

  @Test
  void a_waiter_is_woken_by_its_last_key_and_once_only() throws Exception {
    core.execute(keys(Operation.WAIT, "/a", "/b"), waiter);
    set("/a");
    assertThat(waiter.answers).isEmpty();
    assertThat(core.isWaiting(waiter)).isTrue();
    set("/b");
    set("/b");
    assertThat(waiter.answers).containsExactly(Operation.STOP_WAITING);
    assertThat(core.isWaiting(waiter)).isFalse();
    assertThat(heard).containsExactly("/a", "/b", "/b");
  }

  @Test
  void a_waiter_that_is_forgotten_is_neither_kept_nor_answered() throws Exception {
    core.execute(keys(Operation.WAIT, "/a", "/b"), waiter);
    core.forget(waiter);
    assertThat(core.isWaiting(waiter)).isFalse();
    set("/a");
    set("/b");
    assertThat(waiter.answers).isEmpty();
  }

  @Test
  void a_wait_that_is_taken_back_is_answered_with_that_alone() throws Exception {
    core.execute(keys(Operation.WAIT, "/a"), waiter);
    core.execute(new Request(Operation.CANCEL_WAIT, List.of(), List.of(), 0), waiter);
    set("/a");
    assertThat(waiter.answers).containsExactly(Operation.WAIT_CANCELED);
  }

  @Test
  void a_comparison_that_stores_nothing_wakes_nobody() throws Exception {
    core.execute(keys(Operation.WAIT, "/a"), waiter);
    byte[] expected = {1};
    core.execute(
        new Request(Operation.COMPARE_SET, List.of("/a"), List.of(expected, expected), 0), setter);
    assertThat(waiter.answers).isEmpty();
    core.execute(
        new Request(Operation.COMPARE_SET, List.of("/a"), List.of(new byte[0], expected), 0),
        setter);
    assertThat(waiter.answers).containsExactly(Operation.STOP_WAITING);
  }

  @Test
  void deleting_a_key_leaves_its_waiters_waiting() throws Exception {
    core.execute(keys(Operation.WAIT, "/a", "/b"), waiter);
    set("/a");
    core.execute(keys(Operation.DELETE_KEY, "/a"), setter);
    core.execute(keys(Operation.DELETE_KEY, "/b"), setter);
    assertThat(waiter.answers).isEmpty();
    set("/b");
    // As with torch's servers: a key counts once it has been there.
    assertThat(waiter.answers).containsExactly(Operation.STOP_WAITING);
  }

  private void set(String key) throws ProtocolException {
    core.execute(new Request(Operation.SET, List.of(key), List.of(new byte[1]), 0), setter);
  }

  private static Request keys(Operation operation, String... keys) {
    return new Request(operation, List.of(keys), List.of(), 0);
  }
}
