package dev.weightcast.cli;

import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Where a store is.
 *
 * @param host a name or an address, without brackets
 * @param port 0 to 65535
 */
record HostPort(String host, int port) {

  /** As in {@code 10.0.0.1:29500}, {@code trainer:29500} and {@code [::1]:29500}. */
  static HostPort parse(String text) {
    int colon = text.lastIndexOf(':');
    String host = colon < 0 ? "" : text.substring(0, colon);
    boolean bracketed = host.startsWith("[") && host.endsWith("]") && host.length() > 2;
    if (host.isBlank() || (!bracketed && !host.matches("[^:\\[\\]]+"))) {
      throw wrong(text, "write it HOST:PORT, an IPv6 address in brackets, such as [::1]:29500");
    }
    int port;
    try {
      port = Integer.parseInt(text.substring(colon + 1));
    } catch (NumberFormatException e) {
      throw wrong(text, "what follows the last ':' must be a port, such as 29500");
    }
    if (port < 0 || port > 65_535) {
      throw wrong(text, "ports are 1 to 65535");
    }
    return new HostPort(bracketed ? host.substring(1, host.length() - 1) : host, port);
  }

  private static TypeConversionException wrong(String text, String next) {
    return new TypeConversionException("'" + text + "' is not an address: " + next);
  }

  @Override
  public String toString() {
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + port;
  }

  /** For picocli. */
  static final class Converter implements ITypeConverter<HostPort> {
    @Override
    public HostPort convert(String text) {
      return parse(text);
    }
  }
}
