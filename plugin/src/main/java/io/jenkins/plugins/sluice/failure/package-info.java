/**
 * The errors of steps that a Jenkinsfile tells apart by type. Their names and getters are the one
 * API of the plugin, see docs/jenkins.md.
 */
@NullMarked
package io.jenkins.plugins.sluice.failure;

import org.jspecify.annotations.NullMarked;
