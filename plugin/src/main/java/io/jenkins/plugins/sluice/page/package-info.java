/** What builds and jobs show of their runs: pages, badges, summaries. */
@NullMarked
package io.jenkins.plugins.sluice.page;

import org.jspecify.annotations.NullMarked;
