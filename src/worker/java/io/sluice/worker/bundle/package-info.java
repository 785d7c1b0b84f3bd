/**
 * The files of a model version: as a stage leaves them, as a registry has them, as a predict
 * command takes them.
 */
package io.sluice.worker.bundle;
