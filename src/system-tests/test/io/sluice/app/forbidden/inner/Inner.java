package io.sluice.app.forbidden.inner;

import io.sluice.app.forbidden.Outer;

/** Closes a cycle of packages with {@link Outer}. */
public final class Inner {
  Outer outer = new Outer();
}
