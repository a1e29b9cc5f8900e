package dev.weightcast.backend.nccl;

import dev.weightcast.spi.Availability;

/** Asks a fresh JVM whether the backend is available; see {@link NativeAccessTest}. */
final class NativeAccessMain {

  private NativeAccessMain() {}

  public static void main(String[] args) {
    for (Availability.Reason reason : new NcclBackendProvider().availability().reasons()) {
      System.out.println(reason.text() + " → " + reason.hint());
    }
    System.out.println("asked in " + NativeAccessMain.class.getModule());
  }
}
