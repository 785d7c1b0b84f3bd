/**
 * The trigger {@code mlNewData}: watches a data source and starts a build when its fingerprint is
 * new.
 */
@NullMarked
package io.jenkins.plugins.sluice.newdata;

import org.jspecify.annotations.NullMarked;
