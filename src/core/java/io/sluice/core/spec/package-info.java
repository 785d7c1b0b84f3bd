/** The spec as typed records, and the strict reader that makes them out of YAML. */
@NullMarked
package io.sluice.core.spec;

import org.jspecify.annotations.NullMarked;
