package dev.weightcast.core;

/** How a backend stands: whether it can be taken, and what kind of thing is in the way. */
public enum BackendStatus {
  /** It could be taken, and has not been asked yet whether it can run here. */
  UNTRIED("not tried"),
  /** It can run here. */
  AVAILABLE("can run"),
  /** It is there and says that it cannot run here. */
  UNAVAILABLE("cannot run here"),
  /** Another one of the same name is there, so neither is taken. */
  DUPLICATE("its name is there more than once"),
  /** It was built for another version of the SPI. */
  INCOMPATIBLE("built for another version of the SPI"),
  /** Its name is not one that it may have. */
  REFUSED("its name is refused"),
  /** It could not be loaded, or threw where it must not. */
  BROKEN("broken");

  private final String text;

  BackendStatus(String text) {
    this.text = text;
  }

  /** The words used in every message, such as {@code cannot run here}. */
  @Override
  public String toString() {
    return text;
  }
}
