/** Processes that end when they should: groups, signals, and the death of this JVM. */
package io.sluice.local.process;
