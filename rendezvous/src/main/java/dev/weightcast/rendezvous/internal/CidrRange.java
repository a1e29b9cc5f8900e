package dev.weightcast.rendezvous.internal;

import dev.weightcast.api.InvalidInfoException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.regex.Pattern;

/** A range of addresses, such as {@code 10.0.0.0/8}, {@code fd00::/8} or a single address. */
public final class CidrRange {

  // Letters without a colon would be a host name, and a host name would be looked up.
  private static final Pattern LITERAL = Pattern.compile("[0-9.]+|[0-9a-fA-F.:]*:[0-9a-fA-F.:]*");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,3}");

  private final String text;
  private final byte[] network;
  private final int bits;

  private CidrRange(String text, byte[] network, int bits) {
    this.text = text;
    this.network = network;
    this.bits = bits;
  }

  /**
   * Reads a range.
   *
   * @param text an address literal, with or without a slash and the number of leading bits
   * @return the range
   * @throws InvalidInfoException if it is not one, or has bits set behind its prefix
   */
  public static CidrRange parse(String text) {
    int slash = text.indexOf('/');
    byte[] network = address(text, slash < 0 ? text : text.substring(0, slash));
    int width = network.length * Byte.SIZE;
    int bits = slash < 0 ? width : bits(text, text.substring(slash + 1), width);
    for (int i = bits; i < width; i++) {
      if (((network[i / Byte.SIZE] >> (Byte.SIZE - 1 - i % Byte.SIZE)) & 1) != 0) {
        throw bad(text, "it has bits set behind its first " + bits);
      }
    }
    return new CidrRange(text, network, bits);
  }

  /**
   * Whether an address lies in the range; an IPv4 address is never in an IPv6 range.
   *
   * @param address the address
   * @return true if its leading bits are those of the range
   */
  public boolean contains(InetAddress address) {
    byte[] bytes = address.getAddress();
    if (bytes.length != network.length) {
      return false;
    }
    int whole = bits / Byte.SIZE;
    int rest = bits % Byte.SIZE;
    boolean same = Arrays.equals(bytes, 0, whole, network, 0, whole);
    return same
        && (rest == 0 || (bytes[whole] ^ network[whole]) >> (Byte.SIZE - rest) << rest == 0);
  }

  private static byte[] address(String text, String literal) {
    if (!LITERAL.matcher(literal).matches() || !Resolver.isAddress(literal)) {
      throw bad(text, "it does not begin with an IPv4 or IPv6 address");
    }
    try {
      return InetAddress.getByName(literal).getAddress();
    } catch (UnknownHostException e) {
      throw bad(text, "it does not begin with an IPv4 or IPv6 address");
    }
  }

  private static int bits(String text, String digits, int width) {
    int bits = NUMBER.matcher(digits).matches() ? Integer.parseInt(digits) : -1;
    if (bits < 0 || bits > width) {
      throw bad(text, "what follows the slash must be a number from 0 to " + width);
    }
    return bits;
  }

  private static InvalidInfoException bad(String text, String why) {
    return new InvalidInfoException(
        "'" + text + "' is not a range of addresses such as 10.0.0.0/8 or fd00::/8: " + why);
  }

  @Override
  public String toString() {
    return text;
  }
}
