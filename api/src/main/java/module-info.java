/** What a consumer of Weightcast holds: engines, infos, tensors, devices, sources and loaders. */
module dev.weightcast.api {
  // Annotations for nullness, needed to compile and never to run; not transitive, so that no
  // consumer has to have them.
  requires static org.jspecify;

  // Everything a consumer holds
  exports dev.weightcast.api;
}
