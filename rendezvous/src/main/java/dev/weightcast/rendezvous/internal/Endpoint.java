package dev.weightcast.rendezvous.internal;

import dev.weightcast.api.InvalidInfoException;

/**
 * Where a store is, as it was given; a name is looked up anew with every attempt to connect.
 *
 * @param host a name or an address literal, IPv6 without brackets
 * @param port from 1 to 65535
 */
public record Endpoint(String host, int port) {

  /**
   * Checks both parts.
   *
   * @param host a name or an address literal; brackets around IPv6 are taken off
   * @param port from 1 to 65535
   */
  public Endpoint {
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    if (host.isBlank()) {
      throw new InvalidInfoException(
          "master_address is empty; give the address that rank 0 serves its store on");
    }
    if (port < 1 || port > 65_535) {
      throw new InvalidInfoException(
          "master_port " + port + " is not a port to connect to; ports are 1 to 65535");
    }
  }

  @Override
  public String toString() {
    return at(host, port);
  }

  /**
   * An address and a port as people write them.
   *
   * @param host a name or a literal
   * @param port the port
   * @return with brackets around IPv6
   */
  static String at(String host, int port) {
    return host.indexOf(':') < 0 ? host + ":" + port : "[" + host + "]:" + port;
  }
}
