/** The rules a well-formed spec must keep before it is planned. */
@NullMarked
package io.sluice.core.check;

import org.jspecify.annotations.NullMarked;
