package dev.weightcast.rendezvous;

import dev.weightcast.api.InvalidInfoException;
import dev.weightcast.api.UniqueId;
import org.jspecify.annotations.Nullable;

/**
 * How the unique id comes to a rank, as its init info says: over a store, or in the info itself.
 *
 * <p>Exactly one of the two for each group.
 */
public sealed interface RendezvousInfo {

  /**
   * Over the store that rank 0 serves.
   *
   * @param host {@code master_address}
   * @param port {@code master_port}
   */
  record ByStore(String host, int port) implements RendezvousInfo {}

  /**
   * In the init info; no store is needed and no port is open.
   *
   * @param id {@code nccl_unique_id_b64}, decoded
   */
  record ByUniqueId(UniqueId id) implements RendezvousInfo {}

  /**
   * Reads the three fields of an init info.
   *
   * @param masterAddress {@code master_address}, or null
   * @param masterPort {@code master_port}, or null
   * @param uniqueIdBase64 {@code nccl_unique_id_b64}, standard base64 of 128 bytes, or null
   * @return which of the two it is
   * @throws InvalidInfoException if it is both, neither, half of one, or a value is unusable
   */
  static RendezvousInfo of(
      @Nullable String masterAddress,
      @Nullable Integer masterPort,
      @Nullable String uniqueIdBase64) {
    if (uniqueIdBase64 != null) {
      if (masterAddress != null || masterPort != null) {
        throw new InvalidInfoException(
            "Invalid init_info: give nccl_unique_id_b64, or master_address and master_port, not"
                + " both");
      }
      return new ByUniqueId(UniqueId.fromBase64(uniqueIdBase64));
    }
    if (masterAddress == null || masterPort == null) {
      String found =
          masterAddress != null
              ? "only master_address is there"
              : masterPort != null ? "only master_port is there" : "none of them is there";
      throw new InvalidInfoException(
          "Invalid init_info: need nccl_unique_id_b64, or both master_address and master_port;"
              + " "
              + found);
    }
    return new ByStore(masterAddress, masterPort);
  }
}
