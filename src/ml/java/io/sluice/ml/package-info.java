/** Carries the Python package {@code sluice_ml} to where it is installed. */
@NullMarked
package io.sluice.ml;

import org.jspecify.annotations.NullMarked;
