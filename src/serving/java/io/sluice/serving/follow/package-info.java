/** Following the promotion log: from its newest entry to a model in memory, and out of it again. */
@NullMarked
package io.sluice.serving.follow;

import org.jspecify.annotations.NullMarked;
