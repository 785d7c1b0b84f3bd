/**
 * A prediction as a use case: versions that answer, what is asked, what comes back, what went
 * wrong.
 */
@NullMarked
package io.sluice.serving.predict;

import org.jspecify.annotations.NullMarked;
