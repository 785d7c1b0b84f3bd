/** What a drift stage found, for those who act on it: gate, register, record. */
@NullMarked
package io.sluice.core.drift;

import org.jspecify.annotations.NullMarked;
