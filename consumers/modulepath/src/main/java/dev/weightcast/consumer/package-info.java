/** The scenarios are compiled into this package, as this module's tests. */
package dev.weightcast.consumer;
