package dev.weightcast.backend.nccl;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.UniqueId;
import dev.weightcast.spi.collective.PeerFailure;
import dev.weightcast.spi.collective.ProcessGroup;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class VersionExchangeTest {

  private static final UniqueId ID = UniqueId.of(new byte[128]);

  private final StoreOrIdMeetingPlace place = new StoreOrIdMeetingPlace();
  private final int port = freePort();

  private static int freePort() {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private CompletableFuture<Object> meet(int rank, int worldSize, int version) {
    ProcessGroup group =
        new ProcessGroup(rank, BroadcastInitInfo.ofStore("127.0.0.1", port, worldSize));
    return async(
        () ->
            place.meet(
                group, new NcclVersion(version), () -> ID, Deadline.after(Duration.ofSeconds(20))));
  }

  private static CompletableFuture<Object> async(Supplier<Object> work) {
    CompletableFuture<Object> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              Object[] result = new Object[1];
              Throwable thrown = catchThrowable(() -> result[0] = work.get());
              done.complete(thrown == null ? result[0] : thrown);
            });
    thread.setDaemon(true);
    thread.start();
    return done;
  }

  private static Object result(CompletableFuture<Object> future) throws Exception {
    return future.get(30, TimeUnit.SECONDS);
  }

  @Test
  void equalVersionsMeet() throws Exception {
    CompletableFuture<Object> worker = meet(1, 2, 22809);
    CompletableFuture<Object> trainer = meet(0, 2, 22809);
    try (Meeting first = (Meeting) result(trainer);
        Meeting second = (Meeting) result(worker)) {
      assertThat(first.id()).isEqualTo(ID);
      assertThat(second.id()).isEqualTo(ID);
    }
  }

  @Test
  void differentVersionsAreAnErrorOnBothSidesBeforeInit() throws Exception {
    CompletableFuture<Object> worker = meet(1, 2, 22803);
    CompletableFuture<Object> trainer = meet(0, 2, 23007);
    assertThat((Throwable) result(trainer))
        .isInstanceOf(TransferException.class)
        .hasMessageContainingAll("rank 0 has 2.30.7", "rank 1 has 2.28.3", "nccl.library");
    assertThat((Throwable) result(worker))
        .isInstanceOfSatisfying(PeerFailure.class, e -> assertThat(e.rank()).isZero())
        .hasMessageContainingAll(
            "rank 0 has left the group", "rank 0 has 2.30.7", "rank 1 has 2.28.3");
  }

  @Test
  void aRankOfAnotherKindIsNotAsked() throws Exception {
    CompletableFuture<Object> trainer = meet(0, 2, 22809);
    try (Socket foreign = joinAsTorchDoes();
        Meeting first = (Meeting) result(trainer)) {
      assertThat(first.id()).isEqualTo(ID);
      assertThat(foreign.isConnected()).isTrue();
    }
  }

  /** Says the magic number and counts itself, and not a word more. */
  private Socket joinAsTorchDoes() throws IOException, InterruptedException {
    ByteBuffer request = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN);
    request.put((byte) 0).putInt(0x3C85F7CE);
    request.put((byte) 4).putLong(5).put("init/".getBytes(StandardCharsets.US_ASCII)).putLong(1);
    for (int attempt = 0; ; attempt++) {
      Socket socket = new Socket();
      try {
        socket.connect(new InetSocketAddress("127.0.0.1", port));
        socket.getOutputStream().write(request.array(), 0, request.position());
        assertThat(socket.getInputStream().readNBytes(8)).hasSize(8);
        return socket;
      } catch (IOException e) {
        socket.close();
        if (attempt == 1000) {
          throw e;
        }
        Thread.sleep(10);
      }
    }
  }

  @Test
  void anIdThatWasCarriedNeedsNoStore() {
    ProcessGroup group = new ProcessGroup(1, BroadcastInitInfo.ofUniqueId(ID, 2));
    try (Meeting meeting =
        place.meet(
            group,
            new NcclVersion(22809),
            () -> {
              throw new AssertionError("nobody may make another");
            },
            Deadline.after(Duration.ofSeconds(1)))) {
      assertThat(meeting.id()).isEqualTo(ID);
    }
  }
}
