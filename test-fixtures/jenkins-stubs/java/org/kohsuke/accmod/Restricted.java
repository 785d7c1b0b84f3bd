package org.kohsuke.accmod;

import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;

/** A signature, see the README. */
@Retention(RetentionPolicy.RUNTIME)
public @interface Restricted {
  Class<?>[] value();
}
