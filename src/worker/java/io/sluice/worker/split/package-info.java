/** How {@code split@1} makes training, validation and holdout of one table. */
@NullMarked
package io.sluice.worker.split;

import org.jspecify.annotations.NullMarked;
