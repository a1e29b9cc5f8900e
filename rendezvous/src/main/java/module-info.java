/** How the ranks of one group find each other, on the wire that torch and vLLM speak. */
module dev.weightcast.rendezvous {
  // Annotations for nullness, needed to compile and never to run; not transitive, so that no
  // consumer has to have them.
  requires static org.jspecify;

  // Deadlines, exceptions and the unique id are in our signatures
  requires transitive dev.weightcast.api;

  // The store, the process group and the exchange of the unique id
  exports dev.weightcast.rendezvous;
}
