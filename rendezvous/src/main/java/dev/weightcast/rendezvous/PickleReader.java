package dev.weightcast.rendezvous;

import dev.weightcast.api.TransferException;
import dev.weightcast.rendezvous.internal.Failures;
import dev.weightcast.rendezvous.internal.Limits;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A pickle machine that knows four kinds of result and no classes.
 *
 * <p>Names of classes and functions are symbols: text that is compared and never looked up. What
 * may be called, and with what, is in {@link PickleCalls}. The size of the input, the depth of the
 * stack and the number of memoised values are bounded.
 */
final class PickleReader {

  private static final int MAX_STACK = 16;
  private static final int MAX_MEMO = 64;
  private static final int MAX_NAME = 256;
  private static final int MIN_PROTOCOL = 2;
  private static final int MAX_PROTOCOL = 5;

  private final ByteBuffer in;
  private final Deque<PickleNode> stack = new ArrayDeque<>();
  private final Map<Integer, PickleNode> memo = new HashMap<>();

  private PickleReader(byte[] pickle) {
    this.in = ByteBuffer.wrap(pickle).order(ByteOrder.LITTLE_ENDIAN);
  }

  /**
   * Reads exactly one pickle.
   *
   * @param pickle all of it
   * @return the value
   * @throws TransferException if it is anything else
   */
  static SharedValue read(byte[] pickle) {
    if (pickle.length > Limits.MAX_VALUE_BYTES) {
      throw bad("it has " + pickle.length + " bytes, at most " + Limits.MAX_VALUE_BYTES);
    }
    return new PickleReader(pickle).run();
  }

  private SharedValue run() {
    if (u8() != PickleOp.PROTO) {
      throw bad("it does not begin with a protocol number; protocols 2 to 5 are read");
    }
    int protocol = u8();
    if (protocol < MIN_PROTOCOL || protocol > MAX_PROTOCOL) {
      throw bad("it has protocol " + protocol + "; protocols 2 to 5 are read");
    }
    while (true) {
      int op = u8();
      if (op == PickleOp.STOP) {
        return result();
      }
      step(op);
    }
  }

  private SharedValue result() {
    SharedValue value = pop().shared();
    if (!stack.isEmpty() || in.hasRemaining()) {
      throw bad("something is left over behind its value");
    }
    return value;
  }

  private void step(int op) {
    switch (op) {
      case PickleOp.FRAME -> length(u64());
      case PickleOp.NONE -> push(new PickleNode.None());
      case PickleOp.SHORT_BINUNICODE -> push(text(length(u8())));
      case PickleOp.BINUNICODE -> push(text(length(u32())));
      case PickleOp.BINUNICODE8 -> push(text(length(u64())));
      case PickleOp.SHORT_BINBYTES -> push(bytes(length(u8())));
      case PickleOp.BINBYTES -> push(bytes(length(u32())));
      case PickleOp.BINBYTES8 -> push(bytes(length(u64())));
      case PickleOp.EMPTY_DICT -> push(new PickleNode.EmptyDict());
      case PickleOp.EMPTY_TUPLE -> push(tuple(0));
      case PickleOp.TUPLE1 -> push(tuple(1));
      case PickleOp.TUPLE2 -> push(tuple(2));
      case PickleOp.TUPLE3 -> push(tuple(3));
      case PickleOp.GLOBAL -> push(new PickleNode.Symbol(line(), line()));
      case PickleOp.STACK_GLOBAL -> {
        String name = pop().name();
        push(new PickleNode.Symbol(pop().name(), name));
      }
      case PickleOp.REDUCE -> {
        PickleNode arguments = pop();
        push(PickleCalls.call(pop(), arguments));
      }
      case PickleOp.MEMOIZE -> remember(memo.size());
      case PickleOp.BINPUT -> remember(u8());
      case PickleOp.LONG_BINPUT -> remember(u32());
      case PickleOp.BINGET -> push(recall(u8()));
      case PickleOp.LONG_BINGET -> push(recall(u32()));
      default -> throw bad(String.format("it uses opcode 0x%02x, which is not accepted", op));
    }
  }

  private PickleNode text(int length) {
    ByteBuffer part = in.slice(in.position(), length);
    in.position(in.position() + length);
    try {
      return new PickleNode.Text(StandardCharsets.UTF_8.newDecoder().decode(part).toString());
    } catch (CharacterCodingException e) {
      throw bad("a text in it is not valid UTF-8");
    }
  }

  private PickleNode bytes(int length) {
    byte[] content = new byte[length];
    in.get(content);
    return new PickleNode.Bytes(content);
  }

  private PickleNode tuple(int size) {
    List<PickleNode> items = new ArrayList<>();
    for (int i = 0; i < size; i++) {
      items.add(0, pop());
    }
    return new PickleNode.Tuple(items);
  }

  private String line() {
    StringBuilder text = new StringBuilder();
    for (int c = u8(); c != '\n'; c = u8()) {
      if (text.length() == MAX_NAME || c > 0x7f) {
        throw bad("a name in it is too long or not ASCII");
      }
      text.append((char) c);
    }
    return text.toString();
  }

  private void remember(long index) {
    if (index < 0 || index >= MAX_MEMO) {
      throw bad("it memoises more than " + MAX_MEMO + " values");
    }
    if (stack.isEmpty()) {
      throw bad("it memoises a value where there is none");
    }
    memo.put((int) index, stack.peek());
  }

  private PickleNode recall(long index) {
    PickleNode node = index < 0 || index >= MAX_MEMO ? null : memo.get((int) index);
    if (node == null) {
      throw bad("it refers to a value that it has not memoised");
    }
    return node;
  }

  private void push(PickleNode node) {
    if (stack.size() == MAX_STACK) {
      throw bad("it stacks more than " + MAX_STACK + " values");
    }
    stack.push(node);
  }

  private PickleNode pop() {
    if (stack.isEmpty()) {
      throw bad("it takes a value from an empty stack");
    }
    return stack.pop();
  }

  private int u8() {
    return Byte.toUnsignedInt(in.get(skip(Byte.BYTES)));
  }

  private long u32() {
    return Integer.toUnsignedLong(in.getInt(skip(Integer.BYTES)));
  }

  private long u64() {
    return in.getLong(skip(Long.BYTES));
  }

  private int skip(int width) {
    length(width);
    int position = in.position();
    in.position(position + width);
    return position;
  }

  /** A length that was announced, if so many bytes are there. */
  private int length(long announced) {
    if (announced < 0 || announced > in.remaining()) {
      throw bad("it ends in the middle");
    }
    return (int) announced;
  }

  static TransferException bad(String why) {
    return Failures.failed(
        "a pickle on the store is not one that this wire carries (None, str, bytes, or vLLM's"
            + " ncclUniqueId): "
            + Failures.excerpt(why)
            + "; nothing of it was run",
        null);
  }
}
