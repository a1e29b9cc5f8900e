package dev.weightcast.rendezvous;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TimeSource;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.UniqueId;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

/** Groups at their edges: large, side by side, one after the other, and coming to a bad end. */
class ManyGroupsTest {

  private static final long SEED = 20_261_123;

  private final Deadline deadline = Deadline.after(Duration.ofSeconds(60));

  @Test
  void sixty_four_ranks_join_wait_and_read_at_once() {
    System.out.println("seed " + SEED);
    UniqueId id = Samples.id(new Random(SEED));
    List<UniqueId> ids =
        Ranks.run(
            64,
            (server, rank) -> {
              try (StatelessProcessGroup group = Ranks.join(server, rank, 64, deadline)) {
                UniqueId got = UniqueIdExchange.on(group).exchange(() -> id, deadline);
                group.barrier(deadline);
                return got;
              }
            });
    assertThat(ids).hasSize(64).containsOnly(id);
  }

  @Test
  void two_groups_at_once_on_different_ports_do_not_meet() throws Exception {
    List<Background<List<UniqueId>>> groups = new ArrayList<>();
    for (int g = 0; g < 2; g++) {
      UniqueId id = Samples.id(new Random(SEED + g));
      groups.add(
          Background.run(
              () ->
                  Ranks.run(
                      4,
                      (server, rank) -> {
                        try (StatelessProcessGroup group = Ranks.join(server, rank, 4, deadline)) {
                          UniqueId got = UniqueIdExchange.on(group).exchange(() -> id, deadline);
                          group.barrier(deadline);
                          return got;
                        }
                      })));
    }
    assertThat(groups.get(0).result()).containsOnly(Samples.id(new Random(SEED)));
    assertThat(groups.get(1).result()).containsOnly(Samples.id(new Random(SEED + 1)));
  }

  @Test
  void several_groups_on_one_thread_do_not_meet() {
    List<StatelessProcessGroup> groups = new ArrayList<>();
    try {
      for (int i = 0; i < 3; i++) {
        groups.add(StatelessProcessGroup.host(Samples.server(), 1, deadline));
      }
      for (int round = 0; round < 3; round++) {
        for (StatelessProcessGroup group : groups) {
          SharedValue mine = SharedValue.of(group.toString());
          assertThat(group.allGather(mine, deadline)).containsExactly(mine);
          group.barrier(deadline);
        }
      }
    } finally {
      groups.forEach(StatelessProcessGroup::close);
    }
  }

  @Test
  void a_group_can_join_again_on_the_same_port_after_close() throws Exception {
    int port;
    try (TcpStoreServer server = Samples.server()) {
      port = server.port();
    }
    for (int round = 0; round < 10; round++) {
      UniqueId id = Samples.id(new Random(round));
      Background<UniqueId> worker =
          Background.run(
              () -> {
                try (StatelessProcessGroup group =
                    StatelessProcessGroup.join("127.0.0.1", port, 1, 2, deadline)) {
                  UniqueId got = UniqueIdExchange.on(group).receive(deadline);
                  group.barrier(deadline);
                  return got;
                }
              });
      try (StatelessProcessGroup group =
          StatelessProcessGroup.join("127.0.0.1", port, 0, 2, deadline)) {
        UniqueIdExchange.on(group).publish(id, deadline);
        group.barrier(deadline);
      }
      assertThat(worker.result()).isEqualTo(id);
    }
  }

  @Test
  void a_store_that_closes_while_ranks_wait_ends_all_their_calls() {
    List<Throwable> failures =
        Ranks.failures(
            8,
            (server, rank) -> {
              try (StatelessProcessGroup group = Ranks.join(server, rank, 8, deadline)) {
                if (rank == 0) {
                  Background.settle();
                  return null;
                }
                return group.receive(0, deadline);
              }
            });
    assertThat(failures.get(0)).isNull();
    assertThat(failures.subList(1, 8))
        .allSatisfy(
            e ->
                assertThat(e)
                    .isInstanceOf(TransferException.class)
                    .isNotInstanceOf(TransferTimeoutException.class)
                    .hasMessageContaining("the rank that serves it ended"));
  }

  @Test
  void ranks_that_do_not_come_to_a_barrier_or_a_gather_are_all_named() {
    List<Throwable> failures =
        Ranks.failures(
            4,
            (server, rank) -> {
              try (StatelessProcessGroup group = Ranks.join(server, rank, 4, deadline)) {
                if (rank == 1 || rank == 2) {
                  group.receive(0, deadline);
                  group.receive(0, deadline);
                  group.store().set("rank " + rank + " read", new byte[0], deadline);
                  return null;
                }
                Deadline brief = Deadline.after(Duration.ofMillis(800));
                try {
                  return group.allGather(SharedValue.none(), brief);
                } finally {
                  if (rank == 0) {
                    group.store().await(List.of("rank 3 is done"), deadline);
                    group.broadcast(SharedValue.none(), deadline);
                    group.store().await(List.of("rank 1 read", "rank 2 read"), deadline);
                  } else {
                    group.store().set("rank 3 is done", new byte[0], deadline);
                  }
                }
              }
            });
    for (int rank : new int[] {0, 3}) {
      assertThat(failures.get(rank))
          .isInstanceOfSatisfying(
              TransferTimeoutException.class,
              e -> assertThat(e.missingRanks()).containsExactly(1, 2))
          .hasMessageContaining("no word from ranks 1, 2");
    }
  }

  @Test
  void a_root_that_sends_nothing_is_the_missing_rank() {
    List<Throwable> failures =
        Ranks.failures(
            2,
            (server, rank) -> {
              try (StatelessProcessGroup group = Ranks.join(server, rank, 2, deadline)) {
                if (rank == 1) {
                  try {
                    return group.receive(0, Deadline.after(Duration.ofMillis(300)));
                  } finally {
                    // On a connection of its own: on a busy machine the other may have been cut
                    // off.
                    try (TcpStoreClient own =
                        TcpStoreClient.connect("127.0.0.1", server.port(), deadline)) {
                      own.set("over", new byte[0], deadline);
                    }
                  }
                }
                group.store().await(List.of("over"), deadline);
                return null;
              }
            });
    assertThat(failures.get(1))
        .isInstanceOfSatisfying(
            TransferTimeoutException.class, e -> assertThat(e.missingRanks()).containsExactly(0))
        .hasMessageContaining("no word from rank 0");
  }

  @Test
  void a_worker_whose_trainer_is_not_there_names_rank_0() {
    int port;
    try (TcpStoreServer gone = Samples.server()) {
      port = gone.port();
    }
    Deadline brief = Deadline.after(Duration.ofMillis(300));
    assertThat(
            org.assertj.core.api.Assertions.catchThrowable(
                () -> StatelessProcessGroup.join("127.0.0.1", port, 3, 4, brief)))
        .isInstanceOfSatisfying(
            TransferTimeoutException.class, e -> assertThat(e.missingRanks()).containsExactly(0))
        .hasMessageContaining("rank 3 of 4 could not join")
        .hasMessageContaining("connection refused at 127.0.0.1:" + port);
  }

  @Test
  void cancelling_or_closing_releases_rank_0_while_it_waits_for_others() throws Exception {
    Deadline cancelled = Deadline.after(Duration.ofSeconds(60));
    TcpStoreServer first = Samples.server();
    Background<StatelessProcessGroup> joining =
        Background.run(() -> StatelessProcessGroup.host(first, 2, cancelled));
    TcpStoreServer second = Samples.server();
    Background<StatelessProcessGroup> other =
        Background.run(() -> StatelessProcessGroup.host(second, 2, deadline));
    TcpStoreServer third = Samples.server();
    Background<StatelessProcessGroup> interrupted =
        Background.run(() -> StatelessProcessGroup.host(third, 2, deadline));
    Background.settle();
    cancelled.cancel("the trainer was stopped");
    second.close();
    interrupted.thread().interrupt();
    assertThat(joining.failure())
        .isInstanceOf(TransferAbortedException.class)
        .hasMessageContaining("the trainer was stopped");
    assertThat(other.failure()).isInstanceOf(TransferException.class);
    assertThat(interrupted.failure()).isInstanceOf(TransferAbortedException.class);
    assertThat(first.isClosed()).as("the server is closed with a group that failed").isTrue();
    assertThat(third.isClosed()).isTrue();
  }

  @Test
  void used_keys_expire() {
    AtomicLong clock = new AtomicLong();
    TimeSource time = clock::get;
    GroupOptions options = GroupOptions.defaults().withExpiry(Duration.ofHours(1)).withTime(time);
    try (StatelessProcessGroup group =
        StatelessProcessGroup.host(Samples.server(), 1, options, deadline)) {
      long before = group.store().keyCount(deadline);
      for (int i = 0; i < 10; i++) {
        group.broadcast(SharedValue.of("v" + i), deadline);
        clock.addAndGet(Duration.ofMinutes(20).toNanos());
      }
      // The last one looked when the one of 80 minutes before it was the oldest to expire.
      assertThat(group.store().check(List.of("broadcast_from/0/5"), deadline)).isFalse();
      assertThat(group.store().check(List.of("broadcast_from/0/6"), deadline)).isTrue();
      assertThat(group.store().keyCount(deadline)).isEqualTo(before + 4);
    }
  }

  @Test
  void raw_ids_of_another_length_are_refused() {
    try (TcpStoreServer server = Samples.server();
        TcpStoreClient other = TcpStoreClient.connect("127.0.0.1", server.port(), deadline)) {
      other.set("nccl_unique_id", new byte[100], deadline);
      try (StatelessProcessGroup group =
          StatelessProcessGroup.join("127.0.0.1", server.port(), 1, 2, deadline)) {
        UniqueIdExchange raw = UniqueIdExchange.on(group, UniqueIdExchange.Form.RAW);
        assertThat(org.assertj.core.api.Assertions.catchThrowable(() -> raw.receive(deadline)))
            .isInstanceOf(TransferException.class)
            .hasMessageContaining("100 bytes, a unique id has 128");
      }
    }
  }
}
