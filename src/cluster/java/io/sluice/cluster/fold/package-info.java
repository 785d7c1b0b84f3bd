/**
 * What a cluster says about a run, folded into what Sluice says about it. Pure: objects in, events
 * out; no client, no clock, no thread.
 */
package io.sluice.cluster.fold;
