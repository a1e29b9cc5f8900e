package dev.weightcast.rendezvous.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.weightcast.api.Deadline;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Looking names up with a resolver that answers when it likes. */
class ResolverTest {

  private static final List<InetAddress> HERE = List.of(InetAddress.getLoopbackAddress());

  private final CountDownLatch answer = new CountDownLatch(1);
  private final CountDownLatch answered = new CountDownLatch(1);
  private final AtomicReference<Thread> asked = new AtomicReference<>();

  /** As the system's: it waits for a name service, whatever happens to its thread. */
  private final Resolver slow =
      new Resolver(
          host -> {
            asked.set(Thread.currentThread());
            while (answer.getCount() > 0) {
              try {
                answer.await();
              } catch (InterruptedException e) {
                // nobody hears of it
              }
            }
            answered.countDown();
            return HERE;
          });

  @AfterEach
  void theThreadThatWasLeftBehindEndsWithItsLookup() throws Exception {
    answer.countDown();
    Thread thread = asked.get();
    if (thread != null) {
      assertThat(answered.await(20, TimeUnit.SECONDS)).isTrue();
      thread.join(20_000);
      assertThat(thread.isAlive()).isFalse();
      assertThat(thread.isDaemon()).isTrue();
    }
  }

  private StoppedException.Reason stopped(Deadline deadline) {
    return catchThrowableOfType(
            StoppedException.class, () -> slow.resolve("slow.example", deadline))
        .reason();
  }

  @Test
  void aResolverThatDoesNotAnswerIsLeftAtTheDeadline() {
    Deadline deadline = Deadline.after(Duration.ofMillis(200));
    assertThat(stopped(deadline)).isEqualTo(StoppedException.Reason.EXPIRED);
    assertThat(deadline.elapsed()).isLessThan(Duration.ofSeconds(15));
    assertThat(asked.get().getName()).isEqualTo("weightcast-resolve-slow.example");
    assertThat(asked.get().isAlive()).isTrue();
  }

  @Test
  void aResolverThatDoesNotAnswerIsLeftWhenTheDeadlineIsCancelled() {
    Deadline deadline = Deadline.after(Duration.ofMinutes(2));
    Thread canceller =
        new Thread(
            () -> {
              while (asked.get() == null) {
                Thread.onSpinWait();
              }
              deadline.cancel("the engine was closed");
            });
    canceller.start();
    assertThat(stopped(deadline)).isEqualTo(StoppedException.Reason.CANCELLED);
  }

  @Test
  void aResolverThatDoesNotAnswerIsLeftOnInterruption() {
    Thread caller = Thread.currentThread();
    Thread interrupter =
        new Thread(
            () -> {
              while (asked.get() == null) {
                Thread.onSpinWait();
              }
              caller.interrupt();
            });
    interrupter.start();
    assertThat(stopped(Deadline.after(Duration.ofMinutes(2))))
        .isEqualTo(StoppedException.Reason.INTERRUPTED);
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void anAnswerThatComesInTimeIsTaken() throws Exception {
    new Thread(answer::countDown).start();
    assertThat(slow.resolve("slow.example", Deadline.after(Duration.ofMinutes(1)))).isEqualTo(HERE);
  }

  @Test
  void aNameThatIsUnknownIsNamed() {
    Resolver unknown =
        new Resolver(
            host -> {
              throw new UnknownHostException("no answer section");
            });
    assertThatThrownBy(() -> unknown.resolve("nobody", Deadline.after(Duration.ofSeconds(20))))
        .isInstanceOf(UnknownHostException.class)
        .hasMessage("nobody")
        .hasRootCauseMessage("no answer section");
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "255.249.199.0", "::1", "fe80::1", "2001:db8::7"})
  void anAddressAsksNobodyAndNeedsNoThread(String address) throws Exception {
    Thread caller = Thread.currentThread();
    Resolver direct =
        new Resolver(
            host -> {
              asked.set(Thread.currentThread());
              answered.countDown();
              return HERE;
            });
    assertThat(direct.resolve(address, Deadline.after(Duration.ofSeconds(20)))).isEqualTo(HERE);
    assertThat(asked.getAndSet(null)).isSameAs(caller);
  }

  @ParameterizedTest
  @ValueSource(strings = {"300.1.1.1", "1.2.3", "1.2.3.4.5", "10", "node:1", "1.2.3.4.example"})
  void whatOnlyLooksLikeAnAddressMayAskSomebodyAndIsLeftToo(String name) {
    assertThatThrownBy(() -> slow.resolve(name, Deadline.after(Duration.ofMillis(50))))
        .isInstanceOf(StoppedException.class);
  }
}
