/**
 * The backend {@code loopback}: all ranks in one JVM, on host memory, for tests and first steps.
 */
module dev.weightcast.backend.loopback {
  requires transitive dev.weightcast.spi;
  // Annotations, needed to compile and never to run
  requires static org.jspecify;
  requires static com.google.auto.service;

  // Faults, a virtual clock and an account of what is left, for tests of those who use Weightcast
  exports dev.weightcast.backend.loopback;

  // AutoService writes META-INF/services and leaves this file alone; a test compares the two
  provides dev.weightcast.spi.BackendProvider with
      dev.weightcast.backend.loopback.LoopbackProvider;
}
