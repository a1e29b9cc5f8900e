/** Weightcast from a shell: look, send, receive, measure. */
module dev.weightcast.cli {
  // The front door, and with it the api
  requires dev.weightcast.core;
  // Checkpoints, read and written
  requires dev.weightcast.safetensors;
  // The store, for running one alone
  requires dev.weightcast.rendezvous;
  // Reads the command line
  requires info.picocli;
  // Reads lists of specs, writes what machines read
  requires com.fasterxml.jackson.core;
  // Where System.Logger's lines go, to set how they look
  requires java.logging;
  // Annotations for nullness, needed to compile and never to run
  requires static org.jspecify;

  // Options are fields that picocli sets
  opens dev.weightcast.cli to
      info.picocli;
}
