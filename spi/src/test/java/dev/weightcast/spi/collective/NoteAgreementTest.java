package dev.weightcast.spi.collective;

import static org.assertj.core.api.Assertions.assertThat;

import dev.weightcast.api.DataType;
import dev.weightcast.api.Deadline;
import dev.weightcast.api.Packing;
import dev.weightcast.api.Shape;
import dev.weightcast.api.TensorSpec;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferPhase;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

/** The root's part in an agreement, over a channel that the test holds up. */
class NoteAgreementTest {

  private static final List<TensorSpec> SPECS =
      List.of(new TensorSpec("a", DataType.UINT8, Shape.of(16)));

  private static final TransferProposal PROPOSAL =
      TransferProposal.of(0, Packing.UNPACKED, false, SPECS);

  private final HeldUpChannel channel = new HeldUpChannel();
  private final NoteAgreement agreement = new NoteAgreement(channel, 0, 0, progress -> {});

  @Test
  void aStoreThatStandsStillForAMomentDoesNotEndTheTransfer() throws Exception {
    transfer();
    channel.removalsTake = Duration.ofMillis(1500); // rank 0's process in a long collection
    transfer();
    assertThat(channel.notes.keySet())
        .containsExactlyInAnyOrder("0/t2/proposal", "0/t2/verdict", "0/t2/complete");
  }

  private void transfer() throws Exception {
    OperationProgress progress =
        new OperationProgress(
            "sendWeights",
            Deadline.after(Duration.ofSeconds(30)),
            "rank 0 of 2",
            TransferPhase.PLAN);
    agreement.agree(PROPOSAL, SPECS, Optional.empty(), progress);
    agreement.awaitAcknowledgements(progress);
  }

  /**
   * A worker that agrees and acknowledges at once, and a store that may be slow: as there, whoever
   * gives up on an answer cannot use the connection any more.
   */
  private static final class HeldUpChannel implements SideChannel {

    private final Map<String, byte[]> notes = new ConcurrentHashMap<>();
    private Duration removalsTake = Duration.ZERO;
    private boolean unusable;

    @Override
    public List<Integer> ranks() {
      return List.of(0, 1);
    }

    @Override
    public void post(String name, byte[] note, Deadline deadline) {
      checkUsable();
      notes.put("0/" + name, note);
    }

    @Override
    public Optional<byte[]> read(int rank, String name, Duration patience, Deadline deadline) {
      checkUsable();
      return Optional.of(name.endsWith("/proposal") ? PROPOSAL.toNote() : new byte[] {1});
    }

    @Override
    public void remove(String name, Deadline deadline) {
      checkUsable();
      Deadline answer = removalsTake.isZero() ? null : Deadline.after(removalsTake);
      removalsTake = Duration.ZERO;
      while (answer != null && !answer.isOver()) {
        if (deadline.isOver()) {
          unusable = true;
          throw failed("the answer was cut off");
        }
        LockSupport.parkNanos(Deadline.MAX_SLICE.toNanos());
      }
      notes.remove("0/" + name);
    }

    private void checkUsable() {
      if (unusable) {
        throw failed("the connection is unusable");
      }
    }

    private static TransferException failed(String message) {
      return new TransferException(message, TransferPhase.RENDEZVOUS, 0, 0, null);
    }
  }
}
