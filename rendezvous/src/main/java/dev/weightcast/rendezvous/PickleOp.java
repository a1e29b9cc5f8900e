package dev.weightcast.rendezvous;

/** The opcodes of Python's pickle that this wire needs; every other one is an error. */
final class PickleOp {

  static final int PROTO = 0x80;
  static final int FRAME = 0x95;
  static final int STOP = '.';
  static final int NONE = 'N';
  static final int SHORT_BINUNICODE = 0x8c;
  static final int BINUNICODE = 'X';
  static final int BINUNICODE8 = 0x8d;
  static final int SHORT_BINBYTES = 'C';
  static final int BINBYTES = 'B';
  static final int BINBYTES8 = 0x8e;
  static final int EMPTY_DICT = '}';
  static final int EMPTY_TUPLE = ')';
  static final int TUPLE1 = 0x85;
  static final int TUPLE2 = 0x86;
  static final int TUPLE3 = 0x87;
  static final int GLOBAL = 'c';
  static final int STACK_GLOBAL = 0x93;
  static final int REDUCE = 'R';
  static final int MEMOIZE = 0x94;
  static final int BINPUT = 'q';
  static final int LONG_BINPUT = 'r';
  static final int BINGET = 'h';
  static final int LONG_BINGET = 'j';

  private PickleOp() {}
}
