/** What models are asked for: the word that metrics, baselines, tables and gates follow. */
@NullMarked
package io.sluice.core.task;

import org.jspecify.annotations.NullMarked;
