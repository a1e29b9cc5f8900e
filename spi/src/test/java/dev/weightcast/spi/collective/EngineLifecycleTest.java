package dev.weightcast.spi.collective;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.EngineState;
import dev.weightcast.api.EngineStateException;
import dev.weightcast.spi.collective.EngineLifecycle.Operation;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class EngineLifecycleTest {

  private final AtomicInteger cleanups = new AtomicInteger();
  private final EngineLifecycle lifecycle = new EngineLifecycle(cleanups::incrementAndGet);

  @Test
  void anUpdateGoesFromNewToReadyToUpdatingToReady() {
    assertThat(lifecycle.state()).isEqualTo(EngineState.NEW);
    run(Operation.INIT);
    assertThat(lifecycle.state()).isEqualTo(EngineState.READY);
    run(Operation.START);
    assertThat(lifecycle.state()).isEqualTo(EngineState.UPDATING);
    run(Operation.RECEIVE);
    run(Operation.RECEIVE);
    assertThat(lifecycle.state()).isEqualTo(EngineState.UPDATING);
    run(Operation.FINISH);
    assertThat(lifecycle.state()).isEqualTo(EngineState.READY);
  }

  @Test
  void aSendIsUpdatingWhileItRuns() {
    run(Operation.INIT);
    begin(Operation.SEND);
    assertThat(lifecycle.state()).isEqualTo(EngineState.UPDATING);
    lifecycle.end(null);
    assertThat(lifecycle.state()).isEqualTo(EngineState.READY);
  }

  @ParameterizedTest
  @EnumSource(value = Operation.class, names = "INIT", mode = EnumSource.Mode.EXCLUDE)
  void aNewEngineRefusesEverythingButInit(Operation operation) {
    assertThatThrownBy(() -> begin(operation))
        .isInstanceOf(EngineStateException.class)
        .hasMessage(
            operation.method()
                + " was called on an engine that is not initialized; call initTransferEngine"
                + " first");
  }

  @ParameterizedTest
  @EnumSource(value = Operation.class, names = "INIT", mode = EnumSource.Mode.EXCLUDE)
  void aFailedEngineRefusesEverythingButInitAndNamesTheFirstCause(Operation operation) {
    Exception cause = new IllegalStateException("rank 2 has left");
    begin(Operation.INIT);
    lifecycle.end(cause);
    assertThat(lifecycle.state()).isEqualTo(EngineState.FAILED);
    assertThatThrownBy(() -> begin(operation))
        .isInstanceOf(EngineStateException.class)
        .hasMessageContaining(
            "The first failure was: java.lang.IllegalStateException: rank 2 has left")
        .hasCause(cause);
    run(Operation.INIT);
    assertThat(lifecycle.state()).isEqualTo(EngineState.READY);
  }

  @Test
  void receivingNeedsAnUpdateThatWasStarted() {
    run(Operation.INIT);
    assertThatThrownBy(() -> begin(Operation.RECEIVE))
        .hasMessage(
            "receiveWeights was called, but no update was started; call startWeightUpdate first");
    run(Operation.START);
    assertThatThrownBy(() -> begin(Operation.INIT))
        .hasMessage(
            "initTransferEngine was called in the middle of an update; call finishWeightUpdate"
                + " first");
  }

  @Test
  void aSecondOperationMeanwhileIsRefusedAndNamesTheFirst() {
    begin(Operation.INIT);
    assertThatThrownBy(() -> begin(Operation.START))
        .hasMessageStartingWith("startWeightUpdate was called while initTransferEngine is running")
        .hasMessageContaining(Thread.currentThread().getName());
    lifecycle.end(null);
  }

  @ParameterizedTest
  @EnumSource(Operation.class)
  void aClosedEngineRefusesEverything(Operation operation) {
    lifecycle.close(Duration.ofSeconds(1));
    lifecycle.close(Duration.ofSeconds(1));
    assertThat(cleanups).hasValue(1);
    assertThatThrownBy(() -> begin(operation)).hasMessageEndingWith("is closed; make a new one");
  }

  @RepeatedTest(200)
  void closingCancelsTheOperationAndCleansUpOnceAfterIt() throws Exception {
    Deadline deadline = Deadline.after(Duration.ofMinutes(1));
    CountDownLatch begun = new CountDownLatch(1);
    Thread operation =
        new Thread(
            () -> {
              lifecycle.begin(Operation.INIT, deadline);
              begun.countDown();
              while (!deadline.isOver()) {
                Thread.onSpinWait();
              }
              assertThat(cleanups).hasValue(0);
              lifecycle.end(new IllegalStateException("cancelled"));
            });
    operation.start();
    assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
    lifecycle.close(Duration.ofSeconds(10));
    assertThat(cleanups).hasValue(1);
    assertThat(lifecycle.state()).isEqualTo(EngineState.CLOSED);
    assertThat(deadline.cancellation().orElseThrow()).contains("closed by thread");
    operation.join();
  }

  @Test
  void closingFromWithinAnOperationDoesNotWaitForItself() {
    begin(Operation.INIT);
    lifecycle.close(Duration.ofMinutes(5));
    assertThat(cleanups).hasValue(0);
    lifecycle.end(null);
    assertThat(cleanups).hasValue(1);
    assertThat(lifecycle.state()).isEqualTo(EngineState.CLOSED);
  }

  @Test
  @Timeout(60)
  void closingFromWithinTheCleanUpDoesNotWaitForItself() {
    EngineLifecycle[] itself = new EngineLifecycle[1];
    itself[0] = new EngineLifecycle(() -> itself[0].close(Duration.ofMinutes(5)));
    itself[0].close(Duration.ofMinutes(5));
    assertThat(itself[0].state()).isEqualTo(EngineState.CLOSED);
  }

  @Test
  void anOperationThatDoesNotEndIsNotWaitedForLongerThanPatience() throws Exception {
    Thread stuck = new Thread(() -> begin(Operation.INIT));
    stuck.start();
    stuck.join();
    lifecycle.close(Duration.ofMillis(20));
    assertThat(cleanups).as("it still uses what would be cleaned up").hasValue(0);
  }

  private void run(Operation operation) {
    begin(operation);
    lifecycle.end(null);
  }

  private void begin(Operation operation) {
    lifecycle.begin(operation, Deadline.after(Duration.ofMinutes(1)));
  }
}
