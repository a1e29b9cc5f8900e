package dev.weightcast.rendezvous;

import dev.weightcast.api.UniqueId;
import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * The three calls that a pickle on this wire may make, each carried out by us.
 *
 * <p>{@code _ctypes._unpickle} makes the unique id. {@code _codecs.encode} and {@code bytes} are
 * how protocol 2, which has no opcode for bytes, writes bytes.
 */
final class PickleCalls {

  private static final String WRAPPER_MODULE = "pynccl_wrapper";

  private PickleCalls() {}

  static PickleNode call(PickleNode function, PickleNode arguments) {
    if (!(function instanceof PickleNode.Symbol symbol)
        || !(arguments instanceof PickleNode.Tuple tuple)) {
      throw PickleReader.bad("it calls something that has no name");
    }
    List<PickleNode> items = tuple.items();
    if (symbol.is("_ctypes", "_unpickle") && items.size() == 2) {
      return unpickle(items.get(0), items.get(1));
    }
    if (symbol.is("_codecs", "encode") && items.size() == 2) {
      return encode(items.get(0), items.get(1));
    }
    if (symbol.is("__builtin__", "bytes") && items.isEmpty()) {
      return new PickleNode.Bytes(new byte[0]);
    }
    throw PickleReader.bad("it calls '" + symbol + "', which is not accepted");
  }

  private static PickleNode unpickle(PickleNode type, PickleNode state) {
    if (!(type instanceof PickleNode.Symbol symbol)
        || !symbol.module().endsWith(WRAPPER_MODULE)
        || !symbol.name().equals("ncclUniqueId")) {
      throw PickleReader.bad("it makes a '" + type + "', and not an ncclUniqueId");
    }
    if (!(state instanceof PickleNode.Tuple tuple)
        || tuple.items().size() != 2
        || !(tuple.items().get(0) instanceof PickleNode.EmptyDict)
        || !(tuple.items().get(1) instanceof PickleNode.Bytes bytes)) {
      throw PickleReader.bad("the state of its ncclUniqueId is not an empty dict and bytes");
    }
    if (bytes.content().length != UniqueId.BYTES) {
      throw PickleReader.bad(
          "its ncclUniqueId has " + bytes.content().length + " bytes, and not " + UniqueId.BYTES);
    }
    return new PickleNode.Id(UniqueId.of(bytes.content()));
  }

  private static PickleNode encode(PickleNode text, PickleNode codec) {
    if (!codec.name().equals("latin1")) {
      throw PickleReader.bad("it encodes a text as '" + codec.name() + "', and not as latin1");
    }
    String characters = text.name();
    if (characters.chars().anyMatch(c -> c > 0xff)) {
      throw PickleReader.bad("a text in it does not fit into latin1");
    }
    return new PickleNode.Bytes(characters.getBytes(StandardCharsets.ISO_8859_1));
  }
}
