/** What an evaluation of candidates found: the report that evaluate writes and the gate reads. */
@NullMarked
package io.sluice.core.evaluation;

import org.jspecify.annotations.NullMarked;
