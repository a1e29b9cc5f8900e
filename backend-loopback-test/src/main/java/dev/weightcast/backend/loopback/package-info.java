/**
 * The backend {@code loopback}: all ranks in one JVM, on host memory; and what tests do with it.
 *
 * <p>A group is found by its address and port, or its unique id; nothing is opened on the network.
 * A stream is a thread that runs its work later and in order, so that mistakes of ordering show
 * here as they would on a device.
 *
 * <p>A {@link dev.weightcast.backend.loopback.FaultPlan} says what shall go wrong in a group, a
 * {@link dev.weightcast.backend.loopback.VirtualClock} lets deadlines pass at once, and a {@link
 * dev.weightcast.backend.loopback.LeakAccount} tells what was left behind.
 */
@NullMarked
package dev.weightcast.backend.loopback;

import org.jspecify.annotations.NullMarked;
