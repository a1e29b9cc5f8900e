package dev.weightcast.rendezvous;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.api.UniqueId;
import dev.weightcast.api.WeightTransferException;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StatelessProcessGroupTest {

  private final Deadline deadline = Deadline.after(Duration.ofSeconds(30));

  @ParameterizedTest
  @EnumSource(UniqueIdExchange.Form.class)
  void all_ranks_get_the_id_that_rank_0_made(UniqueIdExchange.Form form) {
    UniqueId id = Samples.id(new Random(1));
    List<UniqueId> ids =
        Ranks.run(
            4,
            (server, rank) -> {
              try (StatelessProcessGroup group = Ranks.join(server, rank, 4, deadline)) {
                UniqueId got = UniqueIdExchange.on(group, form).exchange(() -> id, deadline);
                group.barrier(deadline);
                return got;
              }
            });
    assertThat(ids).hasSize(4).containsOnly(id);
  }

  @Test
  void every_rank_may_be_the_root_of_a_broadcast() {
    List<String> heard =
        Ranks.run(
            3,
            (server, rank) -> {
              try (StatelessProcessGroup group = Ranks.join(server, rank, 3, deadline)) {
                StringBuilder all = new StringBuilder();
                for (int round = 0; round < 5; round++) {
                  for (int root = 0; root < 3; root++) {
                    SharedValue mine = SharedValue.of("r" + root + "#" + round);
                    if (root == rank) {
                      group.broadcast(mine, deadline);
                      all.append(mine);
                    } else {
                      all.append(group.receive(root, deadline));
                    }
                  }
                }
                group.barrier(deadline);
                return all.toString();
              }
            });
    assertThat(heard.get(1)).isEqualTo(heard.get(0)).contains("r2#4");
    assertThat(heard.get(2)).isEqualTo(heard.get(0));
  }

  @Test
  void an_all_gather_gives_everyone_all_values_in_the_order_of_ranks() {
    List<List<SharedValue>> gathered =
        Ranks.run(
            3,
            (server, rank) -> {
              try (StatelessProcessGroup group = Ranks.join(server, rank, 3, deadline)) {
                List<SharedValue> all =
                    group.allGather(SharedValue.of(new byte[] {(byte) rank}), deadline);
                group.barrier(deadline);
                return all;
              }
            });
    List<SharedValue> expected =
        List.of(
            SharedValue.of(new byte[] {0}),
            SharedValue.of(new byte[] {1}),
            SharedValue.of(new byte[] {2}));
    assertThat(gathered).containsOnly(expected).hasSize(3);
  }

  @Test
  void a_barrier_leaves_no_keys_behind_but_its_own_broadcast() {
    Ranks.run(
        3,
        (server, rank) -> {
          try (StatelessProcessGroup group = Ranks.join(server, rank, 3, deadline)) {
            group.barrier(deadline);
            if (rank == 0) {
              long afterOne = group.store().keyCount(deadline);
              group.barrier(deadline);
              assertThat(group.store().keyCount(deadline)).isEqualTo(afterOne + 1);
            } else {
              group.barrier(deadline);
            }
            return rank;
          }
        });
  }

  @Test
  void a_rank_that_never_comes_is_named() {
    Deadline brief = Deadline.after(Duration.ofMillis(700));
    List<Throwable> failures =
        Ranks.failures(
            3,
            (server, rank) -> {
              if (rank == 2) {
                return rank;
              }
              try (StatelessProcessGroup group = Ranks.join(server, rank, 3, brief)) {
                return group.rank();
              }
            });
    assertThat(failures.get(0))
        .isInstanceOfSatisfying(
            TransferTimeoutException.class, e -> assertThat(e.missingRanks()).containsExactly(2))
        .hasMessageContaining("2 of 3 ranks joined, missing: rank 2")
        .hasMessageContaining("timed out after 700 ms");
  }

  @Test
  void a_foreign_rank_is_counted_and_the_message_says_that_it_cannot_be_named() {
    Deadline brief = Deadline.after(Duration.ofMillis(700));
    List<Throwable> failures =
        Ranks.failures(
            2,
            (server, rank) -> {
              if (rank == 0) {
                return StatelessProcessGroup.host(server, 3, brief);
              }
              try (TcpStoreClient torch =
                  TcpStoreClient.connect("127.0.0.1", server.port(), deadline)) {
                return torch.addOnWire("init/", 1, deadline);
              }
            });
    assertThat(failures.get(0))
        .isInstanceOfSatisfying(
            TransferTimeoutException.class, e -> assertThat(e.missingRanks()).isEmpty())
        .hasMessageContaining("2 of 3 ranks joined")
        .hasMessageContaining("1 joined without saying which rank (a foreign peer cannot be named")
        .hasMessageContaining("1 of ranks 1, 2 missing");
  }

  @Test
  void a_world_size_that_is_off_by_one_is_an_error_at_once_on_both_sides() {
    for (int round = 0; round < 10; round++) {
      List<Throwable> failures =
          Ranks.failures(
              2,
              (server, rank) -> {
                try (StatelessProcessGroup group = Ranks.join(server, rank, 3 + rank, deadline)) {
                  return group.receive(0, deadline);
                }
              });
      assertThat(failures.get(0))
          .isInstanceOf(InvalidInfoException.class)
          .hasMessageContaining("was told world_size")
          .hasMessageContaining("every rank must get the same");
      // It may have come first, and then it is rank 0 that left.
      assertThat(failures.get(1)).isInstanceOf(WeightTransferException.class);
      assertThat(deadline.isExpired()).isFalse();
    }
  }

  @Test
  void ranks_and_world_sizes_that_cannot_be_are_refused_and_a_given_server_is_closed() {
    assertThatThrownBy(() -> StatelessProcessGroup.join("127.0.0.1", 1, 4, 4, deadline))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("rank 4 is not a rank of a group of 4; ranks are 0 to 3");
    assertThatThrownBy(() -> StatelessProcessGroup.join("127.0.0.1", 0, 0, 4, deadline))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("master_port 0 cannot be joined");
    TcpStoreServer server = Samples.server();
    assertThatThrownBy(() -> StatelessProcessGroup.host(server, 0, deadline))
        .isInstanceOf(InvalidInfoException.class)
        .hasMessageContaining("world_size must be at least 1");
    assertThat(server.isClosed()).isTrue();
  }

  @Test
  void a_rank_that_exists_twice_is_refused() {
    try (TcpStoreServer server = Samples.server()) {
      try (StatelessProcessGroup first = Ranks.join(server, 1, 3, deadline)) {
        assertThat(first.rank()).isEqualTo(1);
        assertThatThrownBy(() -> Ranks.join(server, 1, 3, deadline))
            .isInstanceOf(InvalidInfoException.class)
            .hasMessageContaining("rank 1 has joined the group")
            .hasMessageContaining("check rank_offset");
      }
    }
  }
}
