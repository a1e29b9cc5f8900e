package dev.weightcast.house.bad.one;

import dev.weightcast.house.bad.one.internal.Secret;
import dev.weightcast.house.bad.two.Two;

/** Uses its own internals, which is fine, and a package that uses this one. */
public final class One {

  Two two;
  Secret own;
}
