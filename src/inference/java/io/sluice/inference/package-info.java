/** Loads a bundle, predicts, scores. */
package io.sluice.inference;
