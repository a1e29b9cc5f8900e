/**
 * The backend {@code loopback}: all ranks in one JVM, on host memory.
 *
 * <p>A group is found by its address and port, or its unique id; nothing is opened on the network.
 * A {@linkplain dev.weightcast.backend.loopback.LoopbackStream stream} is a thread that runs its
 * work later and in order, so that mistakes of ordering show here as they would on a device.
 */
@NullMarked
package dev.weightcast.backend.loopback;

import org.jspecify.annotations.NullMarked;
