/** Tekton's v1 objects as immutable records; see {@link io.sluice.tekton.v1.TektonObject}. */
@NullMarked
package io.sluice.tekton.v1;

import org.jspecify.annotations.NullMarked;
