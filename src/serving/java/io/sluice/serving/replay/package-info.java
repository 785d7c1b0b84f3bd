/** Predictions that were made: looked up in a ledger, shown, and computed again. */
@NullMarked
package io.sluice.serving.replay;

import org.jspecify.annotations.NullMarked;
