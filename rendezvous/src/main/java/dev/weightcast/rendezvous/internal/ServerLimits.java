package dev.weightcast.rendezvous.internal;

import java.time.Duration;
import java.util.List;

/**
 * What the server's loop is bounded by.
 *
 * @param maxConnections how many connections at once
 * @param maxStoredBytes keys and values together
 * @param maxConnectionBytes what one connection may hold of requests and answers
 * @param maxBufferedBytes what all connections may hold of requests and answers
 * @param stallTimeout how long a connection may stay without VALIDATE, in the middle of a request,
 *     or without reading its answer
 * @param idleTimeout how long a connection may stay silent otherwise
 * @param allowedPeers the ranges a peer must be in; empty allows all
 */
public record ServerLimits(
    int maxConnections,
    long maxStoredBytes,
    long maxConnectionBytes,
    long maxBufferedBytes,
    Duration stallTimeout,
    Duration idleTimeout,
    List<CidrRange> allowedPeers) {}
