/**
 * Watches a data source: asks for its fingerprint now and then, by a check on the cluster, and has
 * a build started when it is one that was not seen before. Knows no controller; nothing here waits
 * or holds a thread.
 */
@NullMarked
package io.sluice.app.newdata;

import org.jspecify.annotations.NullMarked;
