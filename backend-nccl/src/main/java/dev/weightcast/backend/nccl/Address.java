package dev.weightcast.backend.nccl;

import org.bytedeco.javacpp.Pointer;

/** A number as JavaCPP wants it: a pointer that owns nothing and is never deallocated. */
final class Address extends Pointer {

  Address(long value) {
    this.address = value;
  }
}
