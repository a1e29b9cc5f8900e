/**
 * The finished engines, and the two interfaces they stand on.
 *
 * <p>{@link dev.weightcast.spi.collective.Communicator} is the live channel between ranks and
 * {@link dev.weightcast.spi.collective.DeviceRuntime} the device; a {@link
 * dev.weightcast.spi.collective.CommunicatorFactory} joins a group; {@link
 * dev.weightcast.spi.collective.CollectiveEngines} makes the engines.
 */
@NullMarked
package dev.weightcast.spi.collective;

import org.jspecify.annotations.NullMarked;
