/** The front door: finds, explains and creates backends by name. */
module dev.weightcast.core {
  // Engines, infos and exceptions are what the front door hands out
  requires transitive dev.weightcast.api;
  // Not transitive: no type of the contract shows in what is exported here
  requires dev.weightcast.spi;
  // Annotations for nullness, needed to compile and never to run
  requires static org.jspecify;

  // The one place in the project that looks for backends
  uses dev.weightcast.spi.BackendProvider;

  // WeightTransfer, and what it says about the backends it found
  exports dev.weightcast.core;
}
