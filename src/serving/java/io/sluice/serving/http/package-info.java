/** Sockets: limits, admission, access, answers, metrics. */
@NullMarked
package io.sluice.serving.http;

import org.jspecify.annotations.NullMarked;
