package dev.weightcast.house.bad.two;

import dev.weightcast.house.bad.one.One;
import dev.weightcast.house.bad.one.internal.Secret;

/** Uses the package that uses this one, and its internals. */
public final class Two {

  One one;
  Secret foreign;
}
