package org.jvnet.localizer;

import java.io.Serializable;

/** A signature, see the README. */
public class Localizable implements Serializable {
  private static final long serialVersionUID = 1L;

  public Localizable(ResourceBundleHolder holder, String key, Object... args) {
    throw new UnsupportedOperationException();
  }
}
