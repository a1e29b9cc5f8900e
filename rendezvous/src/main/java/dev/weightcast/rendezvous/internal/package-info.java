/** The wire, the server's loop, the client's session and the pickle machine; never exported. */
@NullMarked
package dev.weightcast.rendezvous.internal;

import org.jspecify.annotations.NullMarked;
