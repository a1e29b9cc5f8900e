/** A consumer that is a module: it names the front door, and the backend comes by itself. */
module dev.weightcast.consumer {
  requires dev.weightcast.core;
}
