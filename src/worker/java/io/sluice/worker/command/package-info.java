/**
 * What the commands of the worker have in common: their context, their arguments, mounted secrets.
 */
package io.sluice.worker.command;
