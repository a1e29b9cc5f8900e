package dev.weightcast.backend.nccl;

import dev.weightcast.spi.collective.ProcessGroup;
import java.util.List;
import java.util.Locale;

/** What is said when NCCL refuses: the call, NCCL's words, who and where, and what to do. */
final class NcclTexts {

  private record Hint(String key, String advice) {}

  /** By words that NCCL's own warnings contain, in lower case. */
  private static final List<Hint> HINTS =
      List.of(
          new Hint(
              "duplicate gpu",
              "two ranks share one GPU: from NCCL 2.30 on set NCCL_MULTI_RANK_GPU_ENABLE=1; before"
                  + " that give each process its own NCCL_HOSTID and set NCCL_SOCKET_IFNAME=lo"),
          new Hint(
              "mismatch",
              "all ranks must load the same NCCL version: compare them, and point the system"
                  + " property nccl.library at the right libnccl.so.2"),
          new Hint(
              "no socket interface found",
              "NCCL found no network interface: set NCCL_SOCKET_IFNAME to one that all ranks"
                  + " reach"),
          new Hint(
              "connection refused",
              "a rank went away or cannot be reached: look at its log, and set"
                  + " NCCL_SOCKET_IFNAME if the machines have several networks"),
          new Hint(
              "no space left on device",
              "NCCL needs room in /dev/shm: give the container more shared memory"));

  private final NcclLibrary nccl;
  private final String who;

  NcclTexts(NcclLibrary nccl, ProcessGroup group, Object device) {
    this(nccl, "rank " + group.rank() + " of " + group.worldSize() + " (" + device + ")");
  }

  NcclTexts(NcclLibrary nccl, String who) {
    this.nccl = nccl;
    this.who = who;
  }

  /** Which rank, and on which device. */
  String who() {
    return who;
  }

  /**
   * A failed call.
   *
   * @param call NCCL's name of it
   * @param doing what it was for, such as {@code communicator init}
   * @param status what NCCL answered
   */
  String failure(String call, String doing, int status) {
    String last = nccl.lastError().strip();
    StringBuilder text =
        new StringBuilder(call)
            .append(" failed on ")
            .append(who)
            .append(" during ")
            .append(doing)
            .append(": ")
            .append(nccl.errorText(status))
            .append(" (ncclResult ")
            .append(status)
            .append(')');
    if (!last.isEmpty()) {
      text.append("; NCCL's last error: ").append(last);
    }
    String known = last.toLowerCase(Locale.ROOT);
    HINTS.stream()
        .filter(hint -> known.contains(hint.key()))
        .findFirst()
        .ifPresent(hint -> text.append(" → ").append(hint.advice()));
    return text.toString();
  }
}
