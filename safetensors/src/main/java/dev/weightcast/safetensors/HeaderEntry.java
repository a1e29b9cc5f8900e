package dev.weightcast.safetensors;

import dev.weightcast.api.TensorSpec;

/**
 * One tensor of a header: what it is, and which bytes of the data are its own, counted from the
 * data's first byte.
 */
record HeaderEntry(TensorSpec spec, long begin, long end) {

  String name() {
    return spec.name();
  }

  /** As the header writes them. */
  String offsets() {
    return "data_offsets [" + begin + ", " + end + "]";
  }
}
