package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.Device;
import dev.weightcast.api.DeviceBuffer;
import dev.weightcast.api.DeviceStream;
import dev.weightcast.api.WeightTransferException;
import dev.weightcast.rendezvous.TcpStoreClient;
import dev.weightcast.spi.collective.Communicator;
import dev.weightcast.spi.collective.PeerFailure;
import dev.weightcast.spi.collective.ProcessGroup;
import dev.weightcast.spi.collective.SideChannel;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Two ranks of one group in one process, each on an NCCL that the test writes. */
class StoreChannelTest {

  private static final Duration SECONDS = Duration.ofSeconds(20);

  private final Deadline deadline = Deadline.after(Duration.ofSeconds(60));
  private final FakeNccl[] nccl = {new FakeNccl(), new FakeNccl()};
  private final FakeCuda cuda = new FakeCuda();
  private final CudaRuntime[] runtime = {
    CudaRuntime.open(cuda, Device.cuda(0)), CudaRuntime.open(cuda, Device.cuda(1))
  };
  private final List<Communicator> open = new ArrayList<>();
  private final int port;

  StoreChannelTest() throws Exception {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = socket.getLocalPort();
    }
  }

  @AfterEach
  void nothing_is_left() throws Exception {
    open.forEach(Communicator::close);
    for (CudaRuntime each : runtime) {
      each.close();
    }
    assertThat(ThreadsLeft.after(Duration.ofSeconds(5))).isEmpty();
    assertThat(cuda.open()).isZero();
  }

  private CompletableFuture<Communicator> joining(int rank) {
    NcclCommunicatorFactory factory =
        new NcclCommunicatorFactory(
            nccl[rank], new NcclVersion(22809), new StoreOrIdMeetingPlace());
    ProcessGroup group =
        new ProcessGroup(rank, BroadcastInitInfo.ofStore("127.0.0.1", port, nccl.length));
    return CompletableFuture.supplyAsync(
        () -> factory.join(group, runtime[rank], deadline), OwnThread.EACH);
  }

  private void join() throws Exception {
    CompletableFuture<Communicator> zero = joining(0);
    CompletableFuture<Communicator> one = joining(1);
    open.add(zero.get(30, TimeUnit.SECONDS));
    open.add(one.get(30, TimeUnit.SECONDS));
  }

  private static WeightTransferException failureOf(Communicator communicator) throws Exception {
    Deadline patience = Deadline.after(SECONDS);
    while (!patience.isOver()) {
      Optional<WeightTransferException> failure = communicator.failure();
      if (failure.isPresent()) {
        return failure.get();
      }
      Thread.sleep(1);
    }
    throw new AssertionError("no failure came");
  }

  @Test
  void notesGoFromRankToRankAndLeaveNothingBehind() throws Exception {
    join();
    SideChannel zero = open.get(0).sideChannel().orElseThrow();
    SideChannel one = open.get(1).sideChannel().orElseThrow();
    assertThat(zero.ranks()).containsExactly(0, 1);
    assertThat(one.ranks()).containsExactly(0, 1);
    long keys = keys();
    for (int transfer = 0; transfer < 200; transfer++) {
      byte[] note = ("transfer " + transfer).getBytes();
      zero.post("plan/" + transfer, note, deadline);
      assertThat(one.read(0, "plan/" + transfer, SECONDS, deadline)).hasValue(note);
      one.post("done", note, deadline);
      assertThat(zero.read(1, "done", SECONDS, deadline)).isPresent();
      zero.remove("plan/" + transfer, deadline);
      one.remove("done", deadline);
    }
    assertThat(zero.read(1, "done", Duration.ofMillis(1), deadline)).isEmpty();
    assertThat(keys()).isEqualTo(keys);
    byte[] large = new byte[4 << 20];
    large[large.length - 1] = 9;
    zero.post("large", large, deadline);
    assertThat(one.read(0, "large", SECONDS, deadline)).hasValue(large);
  }

  private long keys() {
    try (TcpStoreClient client = TcpStoreClient.connect("127.0.0.1", port, deadline)) {
      return client.keyCount(deadline);
    }
  }

  @Test
  void anAbortIsToldBeforeNcclHearsOfIt() throws Exception {
    join();
    AtomicBoolean wasTold = new AtomicBoolean();
    try (TcpStoreClient client = TcpStoreClient.connect("127.0.0.1", port, deadline)) {
      nccl[1].onAbort = () -> wasTold.set(client.check(List.of("weightcast/failed"), deadline));
      open.get(1).abort("the loader failed: no space");
      assertThat(nccl[1].abortCalled.await(20, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(wasTold).isTrue();
    WeightTransferException failure = failureOf(open.get(0));
    assertThat(failure)
        .isInstanceOfSatisfying(PeerFailure.class, e -> assertThat(e.rank()).isEqualTo(1))
        .hasMessage("rank 1 has left the group: the loader failed: no space");
    assertThat(open.get(1).failure()).as("its own abort").isEmpty();
  }

  @Test
  void whatARankHasLeftCanBeReadAfterItSaidThatItLeaves() throws Exception {
    join();
    open.get(1).sideChannel().orElseThrow().post("verdict", new byte[] {7}, deadline);
    open.get(1).abort("its specs differ");
    assertThat(failureOf(open.get(0))).hasMessageContaining("its specs differ");
    SideChannel zero = open.get(0).sideChannel().orElseThrow();
    assertThat(zero.read(1, "verdict", Duration.ZERO, deadline)).hasValue(new byte[] {7});
    assertThat(zero.read(1, "more", Duration.ZERO, deadline)).isEmpty();
  }

  @Test
  void aNoteThatIsWaitedForWhenTheStoreIsLostEndsWithTheReason() throws Exception {
    join();
    SideChannel one = open.get(1).sideChannel().orElseThrow();
    CompletableFuture<Optional<byte[]>> waiting =
        CompletableFuture.supplyAsync(
            () -> one.read(0, "never", SECONDS, deadline), OwnThread.EACH);
    open.get(0).abort("the source is broken");
    open.get(0).close();
    assertThatThrownBy(() -> waiting.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(PeerFailure.class)
        .hasMessageContaining("rank 0 has left the group: the source is broken");
  }

  @Test
  void whatNcclNoticesWaitsAMomentForTheReason() throws Exception {
    join();
    nccl[0].lastError = "remote process exited";
    nccl[0].state = () -> 6;
    assertThat(open.get(0).failure()).isEmpty();
    open.get(1).abort("out of memory");
    assertThat(failureOf(open.get(0))).hasMessage("rank 1 has left the group: out of memory");
  }

  @Test
  void whatNcclNoticesIsSaidInItsWordsIfNoReasonComes() throws Exception {
    join();
    nccl[0].lastError = "remote process exited";
    nccl[0].state = () -> 6;
    assertThat(open.get(0).failure()).isEmpty();
    assertThat(failureOf(open.get(0)))
        .isNotInstanceOf(PeerFailure.class)
        .hasMessageContaining("remote process exited");
  }

  @Test
  void aFirstCollectiveThatWaitsForARankThatHasLeftEnds() throws Exception {
    join();
    nccl[0].collectiveStatus = NcclLibrary.IN_PROGRESS;
    nccl[0].state = () -> NcclLibrary.IN_PROGRESS;
    try (DeviceBuffer buffer = runtime[0].allocate("b", 64);
        DeviceStream stream = runtime[0].createStream("s")) {
      CompletableFuture<Void> waiting =
          CompletableFuture.runAsync(
              () -> open.get(0).broadcast(buffer, 0, 1, DataType.FLOAT32, 0, stream),
              OwnThread.EACH);
      open.get(1).abort("its warm-up failed");
      assertThatThrownBy(() -> waiting.get(20, TimeUnit.SECONDS))
          .hasCauseInstanceOf(PeerFailure.class)
          .hasMessageContaining("its warm-up failed");
    }
  }

  @Test
  void aRankWhoseCommunicatorCannotBeMadeEndsTheInitOfTheOthers() throws Exception {
    for (int failing : List.of(0, 1)) {
      nccl[failing].initStatus = 3;
      nccl[failing].lastError = "no such device";
      nccl[1 - failing].initStatus = NcclLibrary.IN_PROGRESS;
      nccl[1 - failing].state = () -> NcclLibrary.IN_PROGRESS;
      List<CompletableFuture<Communicator>> both = List.of(joining(0), joining(1));
      assertThatThrownBy(() -> both.get(failing).get(30, TimeUnit.SECONDS))
          .hasMessageContaining("no such device");
      assertThatThrownBy(() -> both.get(1 - failing).get(30, TimeUnit.SECONDS))
          .cause()
          .isInstanceOfSatisfying(PeerFailure.class, e -> assertThat(e.rank()).isEqualTo(failing))
          .hasMessageContainingAll("rank " + failing + " has left the group", "no such device");
      assertThat(nccl[0].cellsOpen).hasValue(0);
      assertThat(nccl[1].cellsOpen).hasValue(0);
      nccl[0] = new FakeNccl();
      nccl[1] = new FakeNccl();
    }
    join(); // and at once a fresh group, on the same port
    assertThat(open.get(0).failure()).isEmpty();
  }

  @Test
  void anIdThatCannotBeMadeIsHeardOfByTheOthers() throws Exception {
    nccl[0].uniqueIdStatus = 2;
    nccl[0].lastError = "no socket interface found";
    CompletableFuture<Communicator> zero = joining(0);
    CompletableFuture<Communicator> one = joining(1);
    assertThatThrownBy(() -> zero.get(30, TimeUnit.SECONDS))
        .hasMessageContaining("ncclGetUniqueId");
    assertThatThrownBy(() -> one.get(30, TimeUnit.SECONDS))
        .hasCauseInstanceOf(PeerFailure.class)
        .hasMessageContainingAll("rank 0 has left", "no socket interface found");
  }

  @Test
  void whoIsCancelledOrOutOfTimeWhileTheOthersAreMissingSaysThat() throws Exception {
    CompletableFuture<Communicator> zero = joining(0);
    deadline.cancel("the engine was closed");
    assertThatThrownBy(() -> zero.get(30, TimeUnit.SECONDS))
        .hasMessageContaining("the engine was closed");
    assertThatThrownBy(() -> joining(1).join()).isInstanceOf(CompletionException.class);
  }
}
