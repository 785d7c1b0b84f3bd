/**
 * Derives the events and the outcome of a run from observations of its objects and lines of output,
 * in any order. Pure: it knows no client, no clock and no thread.
 */
package io.sluice.cluster.fold;
