/** Writes Tekton's objects as YAML that a person could have written, and reads it back strictly. */
@NullMarked
package io.sluice.tekton.yaml;

import org.jspecify.annotations.NullMarked;
