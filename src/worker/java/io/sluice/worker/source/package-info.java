/** Brings a pipeline's code into the store: from an upload, or from what git left. */
package io.sluice.worker.source;
