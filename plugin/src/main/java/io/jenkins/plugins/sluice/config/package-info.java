/**
 * What administrators configure: clusters, registries, installations, permissions; and the choice
 * among them for a job. Jenkins saves the classes here by name, see docs/jenkins.md.
 */
@NullMarked
package io.jenkins.plugins.sluice.config;

import org.jspecify.annotations.NullMarked;
