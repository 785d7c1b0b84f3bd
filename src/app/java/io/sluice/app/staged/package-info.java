/**
 * A run that is driven from outside stage by stage, by a program that may be started again in
 * between: ids that come out the same each time, state as one JSON file, and what to submit next.
 * Nothing here waits or holds a thread.
 */
@NullMarked
package io.sluice.app.staged;

import org.jspecify.annotations.NullMarked;
