package example.outside;

import dev.weightcast.core.FakeProvider;

/** A stranger's provider: its class is not in a package of this project. */
public final class OutsideProvider extends FakeProvider {

  public OutsideProvider(String name) {
    super(name);
  }
}
