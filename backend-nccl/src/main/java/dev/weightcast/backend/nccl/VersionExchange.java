package dev.weightcast.backend.nccl;

import dev.weightcast.api.Deadline;
import dev.weightcast.api.TransferException;
import dev.weightcast.api.TransferPhase;
import dev.weightcast.rendezvous.StatelessProcessGroup;
import dev.weightcast.rendezvous.Store;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * Compares the NCCL versions of the ranks that are ours before anyone starts NCCL, which would hang
 * or fail without saying why.
 *
 * <p>Each of our ranks writes its version under a key that other systems do not look at, and rank 0
 * compares; a rank that has not announced itself as ours is not asked. What rank 0 finds the others
 * hear as the reason for which it leaves the group.
 */
final class VersionExchange {

  private static final String RANK_KEY = "weightcast/rank/";
  private static final String VERSION_KEY = "weightcast/nccl/";

  private final StatelessProcessGroup group;
  private final Store store;
  private final NcclVersion mine;

  VersionExchange(StatelessProcessGroup group, NcclVersion mine) {
    this.group = group;
    this.store = group.store();
    this.mine = mine;
  }

  /**
   * Says the version, and compares on rank 0.
   *
   * @throws TransferException on rank 0 if another rank of ours runs another version
   */
  void check(Deadline deadline) {
    store.set(VERSION_KEY + group.rank(), mine.toBytes(), deadline);
    if (group.rank() == 0) {
      checkAll(deadline);
    }
  }

  private void checkAll(Deadline deadline) {
    List<String> others = new ArrayList<>();
    for (int rank = 1; rank < group.worldSize(); rank++) {
      if (isOurs(rank, deadline)) {
        NcclVersion theirs = versionOf(rank, deadline);
        if (!theirs.equals(mine)) {
          others.add("rank " + rank + " has " + theirs);
        }
      }
    }
    if (!others.isEmpty()) {
      throw mismatch(String.join(", ", others));
    }
  }

  private boolean isOurs(int rank, Deadline deadline) {
    return store.check(List.of(RANK_KEY + rank), deadline);
  }

  private NcclVersion versionOf(int rank, Deadline deadline) {
    String text = new String(store.get(VERSION_KEY + rank, deadline), StandardCharsets.US_ASCII);
    if (!text.matches("[0-9]{1,9}")) {
      throw new TransferException(
          "rank " + rank + " says that its NCCL version is '" + text + "'",
          TransferPhase.RENDEZVOUS,
          0,
          0,
          null);
    }
    return new NcclVersion(Integer.parseInt(text));
  }

  private TransferException mismatch(String others) {
    return new TransferException(
        "all ranks of a group must run the same NCCL version: rank "
            + group.rank()
            + " has "
            + mine
            + ", "
            + others
            + "; point the system property "
            + NcclNatives.LIBRARY_PROPERTY
            + " of each at the same version of libnccl.so.2",
        TransferPhase.RENDEZVOUS,
        0,
        0,
        null);
  }
}
