/**
 * What the packed path costs, against a plain copy of the same bytes in the same run.
 *
 * <p>{@link dev.weightcast.benchmarks.PerformanceTable} runs all of it and prints the table.
 */
@NullMarked
package dev.weightcast.benchmarks;

import org.jspecify.annotations.NullMarked;
