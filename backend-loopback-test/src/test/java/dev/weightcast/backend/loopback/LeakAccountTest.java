package dev.weightcast.backend.loopback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.BroadcastInitInfo;
import dev.weightcast.api.Device;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

class LeakAccountTest {

  private static final Duration SHORT = Duration.ofMillis(20);
  private static final Duration LONG = Duration.ofSeconds(20);

  @Test
  void aStreamThatIsLeftOpenIsNamedAsThreadAndOnItsDevice() {
    LoopbackRuntime runtime = new LoopbackRuntime(new Device("loopback", 3));
    LeakAccount account = LeakAccount.open().with("device", runtime);
    runtime.allocate("forgotten", 12);
    runtime.createStream("left over");
    assertThatThrownBy(() -> account.assertNothingLeft(SHORT))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining("threads: weightcast-loopback-left-over (number ")
        .hasMessageContaining("device: buffer 'forgotten' (12 bytes)")
        .hasMessageContaining("device: stream 'left over'");
    runtime.close(); // which waits for the thread
    account.assertNothingLeft(Duration.ofNanos(1));
  }

  @Test
  void aFaultPlanThatIsStillInPlaceIsNamed() {
    LeakAccount account = LeakAccount.open();
    try (FaultInjection injection =
        FaultPlan.builder().build().injectAt(BroadcastInitInfo.ofStore("leak-test", 1, 2))) {
      assertThat(injection.log()).isEmpty();
      assertThat(account.left(SHORT)).containsExactly("meeting points: fault plan at leak-test:1");
    }
    account.assertNothingLeft(LONG);
  }

  @Test
  void anOpenSocketIsNamedWhereLinuxTells() throws Exception {
    Assumptions.assumeTrue(Files.isDirectory(Path.of("/proc/self/fd")));
    LeakAccount account = LeakAccount.open();
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      assertThat(account.left(SHORT))
          .singleElement()
          .asString()
          .matches("sockets: tcp6? from port " + socket.getLocalPort() + " to port 0 .*");
    }
    account.assertNothingLeft(LONG);
  }

  @Test
  void whatIsThereTwiceIsCountedTwice() {
    List<String> keys = new ArrayList<>(List.of("a"));
    LeakAccount account = LeakAccount.open().with("store keys", () -> keys);
    keys.add("a");
    assertThat(account.left(SHORT)).containsExactly("store keys: a");
    keys.remove("a");
    account.assertNothingLeft(SHORT);
  }
}
