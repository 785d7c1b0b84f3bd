/** Which pipeline a step names, and where its files come from. */
@NullMarked
package io.jenkins.plugins.sluice.pipeline;

import org.jspecify.annotations.NullMarked;
