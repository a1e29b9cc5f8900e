package dev.weightcast.rendezvous;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferAbortedException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.api.TransferTimeoutException;
import dev.weightcast.rendezvous.internal.Resolver;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A name service that does not answer holds up nobody past the deadline, and the host is named. */
class SlowNameTest {

  private static final String HOST = "trainer.slow.example";

  private final CountDownLatch answer = new CountDownLatch(1);
  private final Resolver resolver =
      new Resolver(
          host -> {
            try {
              answer.await();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
            return List.of(InetAddress.getLoopbackAddress());
          });

  @AfterEach
  void answer() {
    answer.countDown();
  }

  private static Deadline soon() {
    return Deadline.after(Duration.ofMillis(300));
  }

  private Joining joining(int rank, Deadline deadline) {
    return new Joining(rank, 2, GroupOptions.defaults().withFailureWatch(), resolver, deadline);
  }

  @Test
  void whoServesAStoreIsToldWhichNameWasLookedUp() {
    assertThatThrownBy(
            () -> TcpStoreServer.bind(HOST, 0, TcpStoreServerOptions.defaults(), resolver, soon()))
        .isInstanceOfSatisfying(
            TransferTimeoutException.class,
            e -> assertThat(e.phase()).isEqualTo(TransferPhase.RENDEZVOUS))
        .hasMessage(
            "looking up master_address 'trainer.slow.example' to listen on it timed out after"
                + " 300 ms: no resolver answered; give an address instead of a name, or see to this"
                + " host's name service");
  }

  @Test
  void rankZeroIsToldWhichNameWasLookedUp() {
    assertThatThrownBy(() -> joining(0, soon()).serving(HOST, 29500))
        .isInstanceOf(TransferTimeoutException.class)
        .hasMessageContaining("looking up master_address 'trainer.slow.example' to listen on it");
  }

  @Test
  void aWorkerIsToldWhichNameWasLookedUp() {
    assertThatThrownBy(() -> joining(1, soon()).connecting(HOST, 29500))
        .isInstanceOf(TransferTimeoutException.class)
        .hasMessageContaining(
            "the host name trainer.slow.example is still being looked up, 1 attempt in ");
  }

  @Test
  void aClientIsToldWhichNameWasLookedUp() {
    assertThatThrownBy(() -> TcpStoreClient.connect(HOST, 29500, resolver, soon()))
        .isInstanceOf(TransferTimeoutException.class)
        .hasMessageContaining("the host name trainer.slow.example is still being looked up");
  }

  @Test
  void whoCancelsDoesNotWaitForTheNameServiceEither() {
    Deadline deadline = Deadline.after(Duration.ofMinutes(2));
    deadline.cancel("the engine was closed");
    assertThatThrownBy(() -> joining(0, deadline).serving(HOST, 29500))
        .isInstanceOf(TransferAbortedException.class)
        .hasMessageContaining("the engine was closed");
  }

  @Test
  void aNameIsLookedUpOnceForAllConnectionsOfARank() throws Exception {
    List<String> asked = new CopyOnWriteArrayList<>();
    Resolver here =
        new Resolver(
            host -> {
              asked.add(host);
              return List.of(InetAddress.getLoopbackAddress());
            });
    try (TcpStoreServer server = Samples.server()) {
      Deadline deadline = Deadline.after(Duration.ofSeconds(30));
      GroupOptions watched = GroupOptions.defaults().withFailureWatch();
      Joining one = new Joining(1, 2, watched, here, deadline);
      Background<StatelessProcessGroup> joined =
          Background.run(() -> one.connecting(HOST, server.port()));
      try (StatelessProcessGroup zero = StatelessProcessGroup.host(server, 2, watched, deadline);
          StatelessProcessGroup group = joined.result()) {
        assertThat(group.failureWatch()).isPresent();
        assertThat(zero.failureWatch()).isPresent();
      }
    }
    assertThat(asked).containsExactly(HOST);
  }

  @Test
  void aNameThatIsLookedUpInTimeIsServedAndFound() throws Exception {
    int port;
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
    answer.countDown();
    Deadline deadline = Deadline.after(Duration.ofSeconds(30));
    Background<StatelessProcessGroup> zero =
        Background.run(() -> joining(0, deadline).serving(HOST, port));
    try (StatelessProcessGroup one = joining(1, deadline).connecting(HOST, port);
        StatelessProcessGroup served = zero.result()) {
      assertThat(one.worldSize()).isEqualTo(served.worldSize());
    }
  }
}
