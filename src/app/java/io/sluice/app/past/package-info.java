/**
 * Runs that were: what is known of each, wherever its record lies, as a list and one in full. A
 * record that does not read is listed as such and hides no other.
 */
@NullMarked
package io.sluice.app.past;

import org.jspecify.annotations.NullMarked;
