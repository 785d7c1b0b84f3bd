/**
 * The steps of a Jenkinsfile. Jenkins saves running steps by the names of their classes, see
 * docs/jenkins.md.
 */
@NullMarked
package io.jenkins.plugins.sluice.step;

import org.jspecify.annotations.NullMarked;
