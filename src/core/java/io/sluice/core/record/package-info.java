/** What is written down of stages and runs, for lineage, reports and the gates of later runs. */
@NullMarked
package io.sluice.core.record;

import org.jspecify.annotations.NullMarked;
