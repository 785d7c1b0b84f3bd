/** From a checked spec to the graph that is compiled and run. */
@NullMarked
package io.sluice.core.plan;

import org.jspecify.annotations.NullMarked;
