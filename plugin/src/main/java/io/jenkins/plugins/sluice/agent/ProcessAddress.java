package io.jenkins.plugins.sluice.agent;

import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * Where the program of a step can be found again, when nothing else of the step is left: its build
 * was lost with the controller.
 *
 * @param agent name of the agent; empty: the built-in node
 * @param workspace path of the workspace on the agent
 * @param record path of the file that receives the run's record; the process id is beside it
 */
@Restricted(NoExternalUse.class)
public record ProcessAddress(String agent, String workspace, String record) {}
