package dev.weightcast.core;

/**
 * The backend that is taken.
 *
 * @param backend the backend, which can run
 * @param decision why this one, in one line
 */
record Choice(Backend backend, String decision) {}
