package dev.weightcast.house.bad;

import com.sun.management.ThreadMXBean;

/** Stands on what the JDK may take away. */
final class UsesInsides {

  ThreadMXBean insides;
}
