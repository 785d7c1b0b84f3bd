/**
 * What a registered version was made of and how it was judged: as a record, and as registry tags.
 */
@NullMarked
package io.sluice.core.lineage;

import org.jspecify.annotations.NullMarked;
