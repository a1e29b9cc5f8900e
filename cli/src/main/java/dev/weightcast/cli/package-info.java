/** The command line; begin with {@code Main}, then with the command of interest. */
@NullMarked
package dev.weightcast.cli;

import org.jspecify.annotations.NullMarked;
