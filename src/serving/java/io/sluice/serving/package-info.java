/** The service as a whole: settings, wiring, start and end. */
@NullMarked
package io.sluice.serving;

import org.jspecify.annotations.NullMarked;
