/** Tables of rows without a panel: what a model of any supervised task learns from and meets. */
@NullMarked
package io.sluice.core.table;

import org.jspecify.annotations.NullMarked;
