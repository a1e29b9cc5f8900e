package dev.weightcast.rendezvous;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.UniqueId;
import dev.weightcast.rendezvous.internal.Failures;
import java.util.function.Supplier;

/**
 * Brings the unique id from rank 0 to all other ranks of a group.
 *
 * <p>It must be the first thing a group does, since vLLM's ranks look for it under the first
 * broadcast of rank 0, {@code broadcast_from/0/0}.
 */
public final class UniqueIdExchange {

  private static final String RAW_KEY = "nccl_unique_id";

  /** How the id lies on the store. */
  public enum Form {
    /** As vLLM has it: a pickle, as rank 0's first broadcast. */
    PICKLED,
    /** As other systems have it: the bare 128 bytes under {@code nccl_unique_id}. */
    RAW
  }

  private final StatelessProcessGroup group;
  private final Form form;

  private UniqueIdExchange(StatelessProcessGroup group, Form form) {
    this.group = group;
    this.form = form;
  }

  /**
   * An exchange in vLLM's form.
   *
   * @param group the group, just joined
   * @return the exchange
   */
  public static UniqueIdExchange on(StatelessProcessGroup group) {
    return new UniqueIdExchange(group, Form.PICKLED);
  }

  /**
   * An exchange in a chosen form; all ranks must use the same.
   *
   * @param group the group, just joined
   * @param form how the id lies on the store
   * @return the exchange
   */
  public static UniqueIdExchange on(StatelessProcessGroup group, Form form) {
    return new UniqueIdExchange(group, form);
  }

  /**
   * Makes the id on rank 0 and gives it to all ranks.
   *
   * @param onRankZero makes the id; called on rank 0 only
   * @param deadline the time it has
   * @return the id, the same on all ranks
   * @throws dev.weightcast.api.TransferTimeoutException if rank 0 does not put it there in time
   * @throws dev.weightcast.api.TransferException if what lies there is not a unique id
   */
  public UniqueId exchange(Supplier<UniqueId> onRankZero, Deadline deadline) {
    if (group.rank() != 0) {
      return receive(deadline);
    }
    UniqueId id = onRankZero.get();
    publish(id, deadline);
    return id;
  }

  /**
   * Puts the id on the store, as rank 0.
   *
   * @param id the id
   * @param deadline the time it has
   * @throws InvalidInfoException on any other rank
   */
  public void publish(UniqueId id, Deadline deadline) {
    if (group.rank() != 0) {
      throw new InvalidInfoException(
          "the unique id comes from rank 0, this is rank " + group.rank());
    }
    if (form == Form.RAW) {
      group.store().set(RAW_KEY, id.toByteArray(), deadline);
    } else {
      group.broadcast(SharedValue.of(id), deadline);
    }
  }

  /**
   * Reads the id that rank 0 put on the store, and waits for it.
   *
   * @param deadline the time it has
   * @return the id
   * @throws dev.weightcast.api.TransferTimeoutException if rank 0 does not put it there in time
   * @throws dev.weightcast.api.TransferException if what lies there is not a unique id
   */
  public UniqueId receive(Deadline deadline) {
    if (form == Form.PICKLED) {
      return UniqueIdPickle.idOf(group.receive(0, deadline));
    }
    byte[] raw = group.awaitFromRankZero(RAW_KEY, deadline);
    if (raw.length != UniqueId.BYTES) {
      throw Failures.failed(
          "what lies under '"
              + RAW_KEY
              + "' has "
              + raw.length
              + " bytes, a unique id has "
              + UniqueId.BYTES,
          null);
    }
    return UniqueId.of(raw);
  }
}
