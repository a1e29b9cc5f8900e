/** The main job as a program: a trainer, its workers, and the proof that every byte arrived. */
module dev.weightcast.quickstart {
  // The front door, and with it the api
  requires dev.weightcast.core;
  // Checkpoints as a source of weights
  requires dev.weightcast.safetensors;
  // Annotations for nullness, needed to compile and never to run
  requires static org.jspecify;
// No backend is required here: it is found by its name at run time
}
