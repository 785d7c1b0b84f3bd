/**
 * Sluice in Jenkins. Everything about models, runs and clusters is decided in Sluice's own library;
 * here are steps, forms and pages. Only {@code Wiring} names the library's adapters.
 */
@NullMarked
package io.jenkins.plugins.sluice;

import org.jspecify.annotations.NullMarked;
