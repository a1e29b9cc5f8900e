package dev.weightcast.rendezvous;

import dev.weightcast.api.UniqueId;
import java.util.List;

/** What may lie on the pickle machine's stack. */
sealed interface PickleNode {

  record None() implements PickleNode {
    @Override
    public SharedValue shared() {
      return SharedValue.none();
    }
  }

  record Text(String text) implements PickleNode {
    @Override
    public SharedValue shared() {
      return SharedValue.of(text);
    }

    @Override
    public String name() {
      return text;
    }
  }

  @SuppressWarnings("ArrayRecordComponent") // never compared, and never leaves the machine
  record Bytes(byte[] content) implements PickleNode {
    @Override
    public SharedValue shared() {
      return SharedValue.of(content);
    }
  }

  record Id(UniqueId id) implements PickleNode {
    @Override
    public SharedValue shared() {
      return SharedValue.of(id);
    }
  }

  record EmptyDict() implements PickleNode {}

  record Tuple(List<PickleNode> items) implements PickleNode {}

  /** The name of a class or function: text, never looked up. */
  record Symbol(String module, String name) implements PickleNode {

    boolean is(String otherModule, String otherName) {
      return module.equals(otherModule) && name.equals(otherName);
    }

    @Override
    public String toString() {
      return module + "." + name;
    }
  }

  /** This node as a result. */
  default SharedValue shared() {
    throw PickleReader.bad("its value is of another kind");
  }

  /** This node as a part of a symbol's name. */
  default String name() {
    throw PickleReader.bad("a name in it is not a text");
  }
}
