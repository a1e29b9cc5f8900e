package dev.weightcast.api;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where memory is, written as torch writes it: {@code cpu}, {@code cuda:0}.
 *
 * @param type {@code cpu}, {@code cuda} or a backend's own word in lower case
 * @param index which of the devices of that type; 0 for {@code cpu}
 */
public record Device(String type, int index) {

  /** The host's own memory. */
  public static final Device CPU = new Device("cpu", 0);

  private static final Pattern TEXT = Pattern.compile("([a-z][a-z0-9]*)(?::([0-9]{1,6}))?");

  /**
   * Checks the parts.
   *
   * @throws InvalidInfoException if the type is not a lower-case word or the index is negative
   */
  public Device {
    if (!type.matches("[a-z][a-z0-9]*") || index < 0) {
      throw new InvalidInfoException(
          "no device '" + type + ":" + index + "'; write it like cpu, cuda:0");
    }
  }

  /**
   * A CUDA device.
   *
   * @param index its ordinal, as {@code CUDA_VISIBLE_DEVICES} leaves it
   * @return the device
   */
  public static Device cuda(int index) {
    return new Device("cuda", index);
  }

  /**
   * The device that a text names.
   *
   * @param text such as {@code cuda:1}; without an index the first one is meant
   * @return the device
   * @throws InvalidInfoException if the text is not of that form
   */
  public static Device parse(String text) {
    Matcher matcher = TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new InvalidInfoException("no device '" + text + "'; write it like cpu, cuda:0");
    }
    String index = matcher.group(2);
    return new Device(matcher.group(1), index == null ? 0 : Integer.parseInt(index));
  }

  /**
   * Whether this is the host itself.
   *
   * @return true for {@link #CPU}
   */
  public boolean isCpu() {
    return type.equals("cpu");
  }

  /** As in {@code cpu} and {@code cuda:0}. */
  @Override
  public String toString() {
    return isCpu() ? type : type + ":" + index;
  }
}
