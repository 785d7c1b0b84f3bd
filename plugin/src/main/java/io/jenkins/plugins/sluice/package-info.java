/**
 * Sluice in Jenkins. Sluice's own library decides everything about models, runs and clusters; this
 * plugin adds steps, forms and pages. Nothing in it is an API for other plugins; for Jenkinsfiles,
 * {@code failure} is.
 *
 * <p>Packages depend on each other from top to bottom of this list, never upwards:
 *
 * <ul>
 *   <li>{@code step}: the steps of a Jenkinsfile, on a cluster and on an agent
 *   <li>{@code newdata}: the trigger that watches a data source
 *   <li>{@code run}: opening, supervising and recording the runs of a build
 *   <li>{@code page}: what builds and jobs show
 *   <li>{@code record}: the files that a build keeps of a run
 *   <li>{@code agent}: the command line on an agent
 *   <li>{@code pipeline}: which pipeline a step names, and where its files come from
 *   <li>{@code config}: clusters, registries, installations, permissions, credentials
 *   <li>{@code connect}: connections; the only package that names the library's adapters
 *   <li>{@code form}: what all forms have in common
 *   <li>{@code failure}: the errors that Jenkinsfiles tell apart by type
 * </ul>
 */
@NullMarked
package io.jenkins.plugins.sluice;

import org.jspecify.annotations.NullMarked;
