package dev.weightcast.spi.collective;

import java.util.List;
import java.util.stream.Collectors;

/**
 * What is open on a device: each thing by kind, label and bytes.
 *
 * @param items in the order they were made
 */
public record DeviceAccount(List<Item> items) {

  /** Nothing is open. */
  public static final DeviceAccount EMPTY = new DeviceAccount(List.of());

  /** Copies the list. */
  public DeviceAccount {
    items = List.copyOf(items);
  }

  /**
   * Whether nothing is open.
   *
   * @return true if there is no item
   */
  public boolean isEmpty() {
    return items.isEmpty();
  }

  /**
   * How much device memory is open.
   *
   * @return the sum over all items, in bytes
   */
  public long bytes() {
    return items.stream().mapToLong(Item::bytes).sum();
  }

  /** As in {@code buffer 'ring slot 0' (1048576 bytes), stream 'ring slot 0'}. */
  @Override
  public String toString() {
    return items.isEmpty()
        ? "nothing"
        : items.stream().map(Item::toString).collect(Collectors.joining(", "));
  }

  /**
   * One open thing.
   *
   * @param kind {@code buffer}, {@code stream}, {@code event} or a backend's own word
   * @param label what it was made for
   * @param bytes the device memory it holds; 0 for what is no memory
   */
  public record Item(String kind, String label, long bytes) {

    @Override
    public String toString() {
      return kind + " '" + label + "'" + (bytes == 0 ? "" : " (" + bytes + " bytes)");
    }
  }
}
