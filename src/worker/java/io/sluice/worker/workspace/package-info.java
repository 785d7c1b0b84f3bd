/** The folder that the steps of one stage share, and what a worker's own step reads there. */
package io.sluice.worker.workspace;
