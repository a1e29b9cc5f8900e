/**
 * How the ranks of one group find each other: a store that speaks torch's TCPStore protocol, a
 * stateless process group on top of it, and the exchange of NCCL's unique id.
 *
 * <p>Start at {@link dev.weightcast.rendezvous.StatelessProcessGroup}, whose rank 0 serves the
 * store, and at {@link dev.weightcast.rendezvous.UniqueIdExchange}, which is what a group is joined
 * for.
 *
 * <p>Unless a type says otherwise: every call that waits takes its time from the {@link
 * dev.weightcast.api.Deadline} it is given and ends within {@link
 * dev.weightcast.api.Deadline#MAX_SLICE} after the deadline is over, cancelled, or the thread
 * interrupted; sizes are bytes; {@code null} is never accepted and never returned where it is not
 * marked {@code @Nullable}. There is no static state: any number of groups live side by side in one
 * process, also on one thread.
 *
 * <p>The wire has no authentication: anybody who reaches the port can read and write the store. Use
 * it on a trusted network, or bring the unique id to the ranks another way ({@link
 * dev.weightcast.rendezvous.RendezvousInfo.ByUniqueId}).
 */
@NullMarked
package dev.weightcast.rendezvous;

import org.jspecify.annotations.NullMarked;
