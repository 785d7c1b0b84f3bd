/** Lowers a plan to Tekton's objects: pure functions, the same plan gives the same objects. */
@NullMarked
package io.sluice.tekton.lower;

import org.jspecify.annotations.NullMarked;
