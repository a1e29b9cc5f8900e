package dev.weightcast.spi.collective;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What the ranks of one group that are Weightcast's own say to each other beside the collectives:
 * small notes, each under the rank that wrote it and a name. On a store these are keys that foreign
 * ranks do not look at, so nothing of this changes the wire.
 *
 * <p>The engines agree through it on what is about to be sent, and hear that it has arrived. It
 * lives as long as the communicator that it belongs to. One thread at a time uses it.
 */
public interface SideChannel {

  /**
   * The ranks that take part. Always the same for one group, on every rank of it.
   *
   * @return in ascending order, this rank among them; whoever is missing is foreign and can neither
   *     be told nor asked
   */
  List<Integer> ranks();

  /**
   * Leaves a note of this rank, in place of an earlier one of the same name.
   *
   * @param name what it is about; letters, digits, {@code /} and {@code _}
   * @param note its bytes, at most 4 MiB
   * @param deadline the time it has
   * @throws TransferException if the channel fails, the deadline is over or the thread interrupted
   */
  void post(String name, byte[] note, Deadline deadline);

  /**
   * Reads a note, and waits a little for it. Whoever needs it calls this again and again, and looks
   * after the communicator in between.
   *
   * @param rank who wrote it, one of {@link #ranks()}
   * @param name its name
   * @param patience how long to wait for it at most
   * @param deadline the time the whole operation has
   * @return the note, or empty if it is not there yet
   * @throws TransferException if the channel fails, the deadline is over or the thread interrupted
   */
  Optional<byte[]> read(int rank, String name, Duration patience, Deadline deadline);

  /**
   * Takes a note of this rank away; nothing happens if there is none.
   *
   * @param name its name
   * @param deadline the time it has
   * @throws TransferException if the channel fails, the deadline is over or the thread interrupted
   */
  void remove(String name, Deadline deadline);
}
