/**
 * State on a disk: files that are there whole or not at all, snapshots of sources, and runs that
 * several processes share. An adapter behind the ports of {@code io.sluice.app.run}.
 */
@NullMarked
package io.sluice.state;

import org.jspecify.annotations.NullMarked;
