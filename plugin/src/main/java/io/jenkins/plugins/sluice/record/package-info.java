/** The files that a build keeps of each of its runs. */
@NullMarked
package io.jenkins.plugins.sluice.record;

import org.jspecify.annotations.NullMarked;
