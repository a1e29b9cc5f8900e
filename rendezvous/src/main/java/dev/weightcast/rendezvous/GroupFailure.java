package dev.weightcast.rendezvous;

import dev.weightcast.rendezvous.internal.Failures;
import dev.weightcast.rendezvous.internal.LastWills;
import java.nio.charset.StandardCharsets;
import java.util.OptionalInt;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Why a group is over, as the first rank that failed, left or was lost has it.
 *
 * @param rank that rank; empty where what lies on the store names none
 * @param message a sentence such as {@code rank 2 has left the group: …}; one line, at most 1,000
 *     characters
 */
public record GroupFailure(OptionalInt rank, String message) {

  /** The key it lies under; the first that is written stays. */
  static final String KEY = LastWills.FAILED.substring(1);

  private static final int MAX_CHARACTERS = 1000;
  private static final Pattern FORM = Pattern.compile("([0-9]{1,9}) (.+)");

  /** A rank that says itself why it leaves. */
  static GroupFailure left(int rank, String reason) {
    return of(rank, "rank " + rank + " has left the group: " + reason);
  }

  /** A rank that said nothing. */
  static GroupFailure gone(int rank, String how) {
    return of(rank, "rank " + rank + " is gone: " + how);
  }

  private static GroupFailure of(int rank, String message) {
    return new GroupFailure(OptionalInt.of(rank), Failures.excerpt(message, MAX_CHARACTERS));
  }

  /** What lies on the store; whatever it is, it becomes text and nothing else. */
  static GroupFailure fromBytes(byte[] bytes, int worldSize) {
    int length = Math.min(bytes.length, LastWills.MAX_BYTES);
    String text = new String(bytes, 0, length, StandardCharsets.UTF_8);
    Matcher matcher = FORM.matcher(Failures.excerpt(text, 2 * MAX_CHARACTERS));
    if (matcher.matches()) {
      int rank = Integer.parseInt(matcher.group(1));
      if (rank < worldSize) {
        return of(rank, matcher.group(2));
      }
    }
    return new GroupFailure(
        OptionalInt.empty(),
        "what lies on the store under '"
            + KEY
            + "' is no failure of a rank: '"
            + Failures.excerpt(text)
            + "'");
  }

  byte[] toBytes() {
    return (rank.orElseThrow() + " " + message).getBytes(StandardCharsets.UTF_8);
  }
}
