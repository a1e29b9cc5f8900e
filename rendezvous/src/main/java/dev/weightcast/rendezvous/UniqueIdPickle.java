package dev.weightcast.rendezvous;

import dev.weightcast.api.UniqueId;
import dev.weightcast.rendezvous.internal.Failures;

/**
 * The one object that a weight-transfer group puts on its store: the unique id, pickled by Python
 * as vLLM's ctypes structure.
 *
 * <p>Written byte for byte as Python's protocol 4 does; read in protocols 2 to 5 by a reader that
 * treats class names as text.
 */
public final class UniqueIdPickle {

  private UniqueIdPickle() {}

  /**
   * The pickle of an id.
   *
   * @param id the id
   * @return 247 bytes
   */
  public static byte[] write(UniqueId id) {
    return SharedValue.of(id).toPickle();
  }

  /**
   * Reads the pickle of an id.
   *
   * @param pickle exactly one pickle
   * @return the id
   * @throws dev.weightcast.api.TransferException if it is anything else; nothing has been looked up
   *     or run
   */
  public static UniqueId read(byte[] pickle) {
    return idOf(SharedValue.fromPickle(pickle));
  }

  static UniqueId idOf(SharedValue value) {
    if (value instanceof SharedValue.Id id) {
      return id.id();
    }
    throw Failures.failed(
        "the store holds "
            + value.getClass().getSimpleName()
            + " where the unique id was expected; check that all ranks belong to the same group"
            + " and use it in the same order",
        null);
  }
}
