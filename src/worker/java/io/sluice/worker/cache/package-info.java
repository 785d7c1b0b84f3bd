/** A stage as fetch and store see it: its arguments, its inputs in the store, its cache key. */
package io.sluice.worker.cache;
