package io.sluice.app.forbidden;

import io.sluice.app.forbidden.inner.Inner;

/** Closes a cycle of packages with {@link Inner}. For {@code ArchitectureRulesTest}. */
public final class Outer {
  Inner inner = new Inner();
}
