/**
 * A run, whole or stage by stage, for every client: what is asked for ({@link RunRequest}, {@link
 * StageRequest}), what was decided when it was opened ({@link RunDefinition}), where it stands
 * ({@link RunState}), what is next ({@link RunPlan}), and what it came to ({@link RunReport},
 * {@link ExitCodeTracker}). {@link ExecutionSupervisor} follows any number of executions without a
 * thread for each; {@link WholeRun} and {@link LocalStagedRun} start one for a client that waits.
 *
 * <p>Nothing here touches a file or a file lock: runs are stored behind {@link RunRepository}.
 */
@NullMarked
package io.sluice.app.run;

import org.jspecify.annotations.NullMarked;
