/**
 * The front door: finds, explains and creates backends by name.
 *
 * <p>Start at {@link dev.weightcast.core.WeightTransfer}. What it found, and why it would take one
 * backend and not another, is an {@link dev.weightcast.core.Explanation}.
 */
@NullMarked
package dev.weightcast.core;

import org.jspecify.annotations.NullMarked;
