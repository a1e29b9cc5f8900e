package dev.weightcast.rendezvous;

import dev.weightcast.api.Deadline;
import dev.weightcast.rendezvous.internal.StoreSession;

/** Opens to the tests of the inner package what they replay captures with. */
public final class Replayable {

  private Replayable() {}

  public static Store client(StoreSession session) {
    return new TcpStoreClient(session);
  }

  public static long join(Store store, Deadline deadline) {
    return ((TcpStoreClient) store).addOnWire("init/", 1, deadline);
  }
}
