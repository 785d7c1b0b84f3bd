/** The command line on an agent: its arguments and the process that runs it. */
@NullMarked
package io.jenkins.plugins.sluice.agent;

import org.jspecify.annotations.NullMarked;
