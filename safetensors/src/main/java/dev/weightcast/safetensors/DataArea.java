package dev.weightcast.safetensors;

import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The bytes after a file's header: every one of them belongs to exactly one tensor. */
record DataArea(Path file, long start, long byteSize) {

  // By name where only empty tensors share an offset, so that the order does not depend on the
  // header's.
  private static final Comparator<HeaderEntry> ORDER =
      Comparator.comparingLong(HeaderEntry::begin)
          .thenComparingLong(HeaderEntry::end)
          .thenComparing(HeaderEntry::name);

  /**
   * Puts tensors in the order of their data.
   *
   * @return the entries, sorted
   * @throws InvalidCheckpointException if one reaches beyond the file, two overlap, or bytes are
   *     left that no tensor has
   */
  List<HeaderEntry> arrange(List<HeaderEntry> entries) {
    List<HeaderEntry> sorted = entries.stream().sorted(ORDER).toList();
    sorted.forEach(this::checkRange);
    long at = 0;
    @Nullable HeaderEntry previous = null;
    for (HeaderEntry entry : sorted) {
      if (entry.begin() != at) {
        throw InvalidCheckpointException.of(file, entry.name(), misplaced(entry, previous, at));
      }
      at = entry.end();
      previous = entry;
    }
    if (at != byteSize) {
      throw InvalidCheckpointException.of(
          file,
          null,
          "the file has "
              + byteSize
              + " bytes of data, its tensors end at "
              + at
              + "; "
              + (byteSize - at)
              + " bytes belong to no tensor; write the file again");
    }
    return sorted;
  }

  private void checkRange(HeaderEntry entry) {
    if (entry.end() > byteSize) {
      throw InvalidCheckpointException.of(
          file,
          entry.name(),
          entry.offsets()
              + " reach beyond the "
              + byteSize
              + " bytes of data that the file has (it is "
              + (start + byteSize)
              + " bytes long, the data starts at "
              + start
              + "); it was cut short, copy it again");
    }
  }

  private static String misplaced(HeaderEntry entry, @Nullable HeaderEntry previous, long at) {
    String before = previous == null ? "" : " of tensor " + Quoted.name(previous.name());
    if (entry.begin() < at) {
      return entry.offsets()
          + " overlap the data"
          + before
          + ", which ends at "
          + at
          + "; write the file again";
    }
    return entry.offsets()
        + " leave a gap of "
        + (entry.begin() - at)
        + " bytes after "
        + (previous == null ? "the start of the data" : "the data" + before)
        + " at "
        + at
        + "; write the file again";
  }
}
