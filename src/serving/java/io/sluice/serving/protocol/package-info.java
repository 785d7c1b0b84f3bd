/** The forms of requests and answers: Open Inference Protocol V2, and plain JSON by names. */
@NullMarked
package io.sluice.serving.protocol;

import org.jspecify.annotations.NullMarked;
