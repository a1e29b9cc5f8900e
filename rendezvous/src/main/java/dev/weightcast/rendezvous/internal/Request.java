package dev.weightcast.rendezvous.internal;

import java.util.List;

/**
 * One complete request.
 *
 * @param operation what is asked
 * @param keys its keys, one byte a character (ISO-8859-1), so that any bytes make a key
 * @param values its values, in the order they came
 * @param number its number, if it has one
 */
record Request(Operation operation, List<String> keys, List<byte[]> values, long number) {

  String key() {
    return keys.get(0);
  }
}
