/**
 * What a backend author implements.
 *
 * <p>An author with a collective library implements {@link
 * dev.weightcast.spi.collective.Communicator} and {@link
 * dev.weightcast.spi.collective.DeviceRuntime} and gets both engines for free; an author with a
 * different idea implements the engines themselves. Either way {@link
 * dev.weightcast.spi.BackendProvider} is what the registry finds.
 */
@NullMarked
package dev.weightcast.spi;

import org.jspecify.annotations.NullMarked;
