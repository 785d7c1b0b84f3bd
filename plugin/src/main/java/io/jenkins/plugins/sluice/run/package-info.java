/**
 * The runs of a build: opening them, supervising their executions, adopting them after a restart,
 * ending what a build left behind.
 */
@NullMarked
package io.jenkins.plugins.sluice.run;

import org.jspecify.annotations.NullMarked;
