/** What a backend author implements, and the finished engines on top of a communicator. */
module dev.weightcast.spi {
  // Every type a provider returns or is given comes from api
  requires transitive dev.weightcast.api;
  // Annotations for nullness, needed to compile and never to run
  requires static org.jspecify;

  // The contract of a backend
  exports dev.weightcast.spi;
  // A communicator and a device runtime in, both engines out
  exports dev.weightcast.spi.collective;
}
