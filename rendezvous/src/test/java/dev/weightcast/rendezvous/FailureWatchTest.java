package dev.weightcast.rendezvous;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.rendezvous.internal.LastWills;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FailureWatchTest {

  private static final GroupOptions WATCHED = GroupOptions.defaults().withFailureWatch();

  private final Deadline deadline = Deadline.after(Duration.ofSeconds(60));
  private final TcpStoreServer server = Samples.server();
  private final List<StatelessProcessGroup> open = new ArrayList<>();

  @AfterEach
  void nothing_is_left() throws Exception {
    open.forEach(StatelessProcessGroup::close);
    server.close();
    assertThat(threads()).isEmpty();
  }

  /** Threads of groups, after they had some time to end. */
  private static List<String> threads() throws InterruptedException {
    for (int look = 0; ; look++) {
      List<String> names =
          Thread.getAllStackTraces().keySet().stream()
              .map(Thread::getName)
              .filter(name -> name.startsWith("weightcast-"))
              .toList();
      if (names.isEmpty() || look == 500) {
        return names;
      }
      Thread.sleep(10);
    }
  }

  private List<StatelessProcessGroup> group(int worldSize) throws Exception {
    List<Background<StatelessProcessGroup>> joining = new ArrayList<>();
    for (int i = 0; i < worldSize; i++) {
      int rank = i;
      joining.add(Background.run(() -> join(rank, worldSize)));
    }
    List<StatelessProcessGroup> group = new ArrayList<>();
    for (Background<StatelessProcessGroup> joined : joining) {
      group.add(joined.result());
    }
    open.addAll(group);
    return group;
  }

  private StatelessProcessGroup join(int rank, int worldSize) {
    return rank == 0
        ? StatelessProcessGroup.host(server, worldSize, WATCHED, deadline)
        : StatelessProcessGroup.join(
            "127.0.0.1", server.port(), rank, worldSize, WATCHED, deadline);
  }

  private static GroupFailure failureOf(StatelessProcessGroup member) {
    FailureWatch watch = member.failureWatch().orElseThrow();
    assertThat(watch.awaitEnd(Duration.ofSeconds(20))).isTrue();
    return watch.failure().orElseThrow();
  }

  @Test
  void a_rank_that_leaves_tells_all_others_why() throws Exception {
    List<StatelessProcessGroup> group = group(4);
    group.get(2).leave("its loader failed:\nno space");
    for (int rank : List.of(0, 1, 3)) {
      assertThat(failureOf(group.get(rank)))
          .isEqualTo(
              new GroupFailure(
                  OptionalInt.of(2), "rank 2 has left the group: its loader failed:.no space"));
    }
    assertThat(group.get(2).failureWatch().orElseThrow().failure()).isEmpty();
  }

  @Test
  void only_the_first_failure_counts() throws Exception {
    for (int round = 0; round < 20; round++) {
      try (TcpStoreServer fresh = Samples.server()) {
        List<Background<StatelessProcessGroup>> joining = new ArrayList<>();
        joining.add(Background.run(() -> StatelessProcessGroup.host(fresh, 3, WATCHED, deadline)));
        for (int i = 1; i < 3; i++) {
          int rank = i;
          joining.add(
              Background.run(
                  () ->
                      StatelessProcessGroup.join(
                          "127.0.0.1", fresh.port(), rank, 3, WATCHED, deadline)));
        }
        StatelessProcessGroup[] group = new StatelessProcessGroup[3];
        for (int i = 0; i < 3; i++) {
          group[i] = joining.get(i).result();
        }
        group[1].failureWatch().orElseThrow().tell("one");
        group[2].failureWatch().orElseThrow().tell("two");
        String seen = failureOf(group[0]).message();
        assertThat(seen).isIn("rank 1 has left the group: one", "rank 2 has left the group: two");
        StatelessProcessGroup second = seen.contains("rank 1") ? group[2] : group[1];
        FailureWatch later = second.failureWatch().orElseThrow();
        assertThat(later.awaitEnd(Duration.ofSeconds(20))).isTrue();
        // It leaves too, and may call its last look off before it has seen the other's reason.
        assertThat(later.failure().map(GroupFailure::message).orElse(seen)).isEqualTo(seen);
        for (StatelessProcessGroup member : group) {
          member.close();
        }
      }
    }
  }

  @Test
  void whoever_waits_on_the_groups_store_is_woken_by_a_failure() throws Exception {
    List<StatelessProcessGroup> group = group(3);
    Background<byte[]> waiting =
        Background.run(() -> group.get(1).store().get("never comes", deadline));
    Background.settle();
    group.get(0).failureWatch().orElseThrow().tell("the source is broken");
    RuntimeException thrown = (RuntimeException) waiting.failure();
    assertThat(group.get(1).failureWatch().orElseThrow().explain(thrown, deadline))
        .isInstanceOf(GroupFailedException.class)
        .hasMessage("rank 0 has left the group: the source is broken")
        .hasCause(thrown);
  }

  @Test
  void a_connection_that_just_ends_is_a_rank_that_is_gone() throws Exception {
    List<StatelessProcessGroup> group = group(2);
    try (TcpStoreClient dying = TcpStoreClient.connect("127.0.0.1", server.port(), deadline)) {
      String will = LastWills.PREFIX.substring(1) + 1; // takes rank 1's place
      dying.set(will, "1 rank 1 is gone: killed".getBytes(StandardCharsets.UTF_8), deadline);
      dying.ping(deadline);
    }
    assertThat(failureOf(group.get(0)).message()).isEqualTo("rank 1 is gone: killed");
  }

  @Test
  void a_store_that_closes_without_a_word_is_rank_0_that_is_gone() throws Exception {
    List<StatelessProcessGroup> group = group(3);
    server.close();
    for (int rank : List.of(1, 2)) {
      GroupFailure failure = failureOf(group.get(rank));
      assertThat(failure.rank()).hasValue(0);
      assertThat(failure.message())
          .isEqualTo(
              "rank 0 is gone: the connection to its store at 127.0.0.1:"
                  + server.port()
                  + " was closed");
    }
  }

  @Test
  void rubbish_under_the_key_is_a_text_and_nothing_more() throws Exception {
    List<StatelessProcessGroup> group = group(2);
    byte[] rubbish = new byte[100_000];
    rubbish[0] = 'x';
    group.get(1).store().set(GroupFailure.KEY, rubbish, deadline);
    GroupFailure failure = failureOf(group.get(0));
    assertThat(failure.rank()).isEmpty();
    assertThat(failure.message())
        .startsWith("what lies on the store under 'weightcast/failed' is no failure of a rank: 'x")
        .hasSizeLessThan(1000);
    for (String text : List.of("", "7", "9 of two", "-1 x", "12345678901 x", "1 ")) {
      assertThat(GroupFailure.fromBytes(text.getBytes(StandardCharsets.UTF_8), 2).rank())
          .as(text)
          .isEmpty();
    }
    String longest = "é".repeat(5000);
    GroupFailure told = GroupFailure.left(1, longest);
    assertThat(told.toBytes()).hasSizeLessThan(LastWills.MAX_BYTES);
    assertThat(GroupFailure.fromBytes(told.toBytes(), 2)).isEqualTo(told);
  }

  @Test
  void all_ranks_know_the_same_ranks_of_ours() throws Exception {
    Background<StatelessProcessGroup> zero = Background.run(() -> join(0, 4));
    Background<StatelessProcessGroup> two = Background.run(() -> join(2, 4));
    Background<StatelessProcessGroup> three = Background.run(() -> join(3, 4));
    try (TcpStoreClient foreign = TcpStoreClient.connect("127.0.0.1", server.port(), deadline)) {
      foreign.addOnWire("init/", 1, deadline);
      open.add(zero.result());
      open.add(two.result());
      open.add(three.result());
      for (StatelessProcessGroup member : open) {
        assertThat(member.ownRanks(deadline)).containsExactly(0, 2, 3);
      }
    }
    for (String bad : List.of("", "1,", "2,1", "0,4", "0;1", "0,99999999999")) {
      assertThatThrownBy(() -> OwnRanks.fromBytes(bad.getBytes(StandardCharsets.UTF_8), 4))
          .hasMessageContaining("no list of ranks of a group of 4");
    }
  }

  @Test
  void where_rank_0_is_foreign_a_store_that_closes_is_no_failure() throws Exception {
    StatelessProcessGroup worker = join(1, 2);
    open.add(worker);
    assertThat(worker.ownRanks(deadline)).isEmpty();
    server.close();
    FailureWatch watch = worker.failureWatch().orElseThrow();
    assertThat(watch.awaitEnd(Duration.ofSeconds(20))).isTrue();
    assertThat(watch.failure()).isEmpty();
  }

  @Test
  void who_waits_for_the_others_hears_of_one_that_will_not_come() throws Exception {
    Background<StatelessProcessGroup> zero = Background.run(() -> join(0, 3));
    StatelessProcessGroup one = join(1, 3);
    one.leave("out of memory");
    assertThat(zero.failure())
        .isInstanceOf(GroupFailedException.class)
        .hasMessage("rank 1 has left the group: out of memory");
  }

  @Test
  void a_rank_that_cannot_join_is_the_end_for_those_who_have() throws Exception {
    Background<StatelessProcessGroup> zero = Background.run(() -> join(0, 3));
    StatelessProcessGroup one = join(1, 3);
    open.add(one);
    assertThatThrownBy(() -> join(2, 4)).isInstanceOf(InvalidInfoException.class);
    assertThat(zero.failure()).isInstanceOf(InvalidInfoException.class);
    assertThat(failureOf(one).message())
        .startsWith("rank 0 has left the group: the group cannot become complete: rank 2 was told")
        .contains("world_size 4");
  }

  @Test
  void after_a_failure_a_fresh_group_forms_on_the_same_port_in_any_order() throws Exception {
    int port = server.port();
    List<StatelessProcessGroup> first = group(3);
    first.get(1).leave("it was replaced");
    assertThat(failureOf(first.get(0)).rank()).hasValue(1);
    assertThat(failureOf(first.get(2)).rank()).hasValue(1);
    // Two workers are back before rank 0 has let go of the old store.
    Background<StatelessProcessGroup> one = Background.run(() -> join(1, 3));
    Background<StatelessProcessGroup> two = Background.run(() -> join(2, 3));
    Background.settle();
    assertThat(one.isDone() || two.isDone()).isFalse();
    Background<StatelessProcessGroup> zero =
        Background.run(
            () -> StatelessProcessGroup.join("127.0.0.1", port, 0, 3, WATCHED, deadline));
    Background.settle();
    first.get(0).close();
    for (Background<StatelessProcessGroup> member : List.of(zero, one, two)) {
      open.add(member.result());
    }
    assertThat(open.get(4).ownRanks(deadline)).containsExactly(0, 1, 2);
  }

  @Test
  void who_finds_only_a_group_that_has_failed_says_so_at_its_deadline() throws Exception {
    List<StatelessProcessGroup> group = group(2);
    group.get(1).leave("the disk is full");
    assertThat(failureOf(group.get(0)).rank()).hasValue(1);
    assertThatThrownBy(
            () ->
                StatelessProcessGroup.join(
                    "127.0.0.1",
                    server.port(),
                    1,
                    2,
                    WATCHED,
                    Deadline.after(Duration.ofMillis(300))))
        .isInstanceOf(TransferTimeoutException.class)
        .hasMessageContaining("the disk is full");
  }

  @Test
  void who_is_turned_away_again_and_again_says_how() throws Exception {
    try (TcpStoreServer full =
        Samples.server(TcpStoreServerOptions.defaults().withMaxStoredBytes(1))) {
      Deadline soon = Deadline.after(Duration.ofMillis(500));
      assertThatThrownBy(
              () -> StatelessProcessGroup.join("127.0.0.1", full.port(), 1, 2, WATCHED, soon))
          .isInstanceOf(TransferTimeoutException.class)
          .hasMessageContaining("joining at the store at 127.0.0.1:" + full.port() + " failed: ");
    }
  }

  @Test
  void keys_and_connections_do_not_grow_with_what_is_told() throws Exception {
    List<StatelessProcessGroup> group = group(2);
    long before = group.get(0).store().keyCount(deadline);
    assertThat(before).isLessThan(12);
    assertThat(server.connections()).isEqualTo(4);
    group.get(1).leave("done");
    failureOf(group.get(0));
    group.get(0).leave("done");
    assertThat(server.isClosed()).isTrue();
  }
}
