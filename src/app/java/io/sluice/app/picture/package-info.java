/**
 * Pictures out of figures, as SVG: the same bytes for the same figures, everything escaped, no
 * script, no style sheet, nothing fetched.
 */
@NullMarked
package io.sluice.app.picture;

import org.jspecify.annotations.NullMarked;
