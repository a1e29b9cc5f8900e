package dev.weightcast.rendezvous.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
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

  @Test
  void a_will_is_carried_out_when_its_connection_ends() throws Exception {
    will("/weightcast/will/2", "gone", setter);
    core.execute(keys(Operation.WAIT, LastWills.FAILED), waiter);
    assertThat(core.wills()).isEqualTo(1);
    core.forget(setter);
    assertThat(waiter.answers).containsExactly(Operation.STOP_WAITING);
    assertThat(failed()).isEqualTo("gone");
    assertThat(core.wills()).isZero();
    core.execute(keys(Operation.CHECK, "/weightcast/will/2"), waiter);
    assertThat(waiter.answers).endsWith(Operation.NOT_READY);
  }

  @Test
  void a_will_changes_nothing_where_a_failure_is_known_already() throws Exception {
    will("/weightcast/will/2", "gone", setter);
    will(LastWills.FAILED, "first", waiter);
    core.forget(setter);
    assertThat(failed()).isEqualTo("first");
  }

  @Test
  void a_will_is_void_when_its_key_is_deleted_or_taken_over_or_it_is_too_long() throws Exception {
    will("/weightcast/will/2", "gone", setter);
    core.execute(keys(Operation.DELETE_KEY, "/weightcast/will/2"), waiter);
    core.forget(setter);
    assertThat(failed()).isEmpty();
    will("/weightcast/will/2", "gone", setter);
    will("/weightcast/will/2", "the new one", waiter);
    core.forget(setter);
    assertThat(failed()).isEmpty();
    will("/weightcast/will/3", "x".repeat(LastWills.MAX_BYTES + 1), setter);
    core.forget(setter);
    assertThat(failed()).isEmpty();
    core.forget(waiter);
    assertThat(failed()).isEqualTo("the new one");
  }

  @Test
  void a_connection_has_one_will_the_last() throws Exception {
    for (int i = 0; i < 1000; i++) {
      will("/weightcast/will/" + i, "gone " + i, setter);
    }
    assertThat(core.wills()).isEqualTo(1);
    core.forget(setter);
    assertThat(failed()).isEqualTo("gone 999");
  }

  private void will(String key, String text, FakePeer peer) throws ProtocolException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    core.execute(new Request(Operation.SET, List.of(key), List.of(bytes), 0), peer);
  }

  private String failed() throws ProtocolException {
    FakePeer reader = new FakePeer();
    core.execute(keys(Operation.GET, LastWills.FAILED), reader);
    StringBuilder text = new StringBuilder();
    reader.answers.stream().skip(8).forEach(b -> text.append((char) b.byteValue()));
    return text.toString();
  }

  private void set(String key) throws ProtocolException {
    core.execute(new Request(Operation.SET, List.of(key), List.of(new byte[1]), 0), setter);
  }

  private static Request keys(Operation operation, String... keys) {
    return new Request(operation, List.of(keys), List.of(), 0);
  }
}
