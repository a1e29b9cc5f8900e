/** One program that embeds Weightcast the way a user would; begin with {@code Quickstart}. */
@NullMarked
package dev.weightcast.quickstart;

import org.jspecify.annotations.NullMarked;
