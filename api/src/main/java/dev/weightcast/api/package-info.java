/**
 * What a consumer of Weightcast holds: the two engines, what they are told, and what moves through
 * them.
 *
 * <p>Start at {@link dev.weightcast.api.TrainerWeightTransferEngine} on the side that has the new
 * weights and at {@link dev.weightcast.api.WeightTransferEngine} on the side that wants them.
 *
 * <p>Unless a type says otherwise: sizes and offsets are bytes in a {@code long}; values are
 * immutable and safe to share; every failure is unchecked and a {@link
 * dev.weightcast.api.WeightTransferException}; {@code null} is never accepted and never returned
 * where it is not marked {@code @Nullable}.
 */
@NullMarked
package dev.weightcast.api;

import org.jspecify.annotations.NullMarked;
