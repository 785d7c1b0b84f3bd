/** The commands that the steps of stages run: one class each. */
package io.sluice.worker.step;
