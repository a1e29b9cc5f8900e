package dev.weightcast.house.bad.one.internal;

/** Nobody else's business. */
public final class Secret {

  private Secret() {}
}
