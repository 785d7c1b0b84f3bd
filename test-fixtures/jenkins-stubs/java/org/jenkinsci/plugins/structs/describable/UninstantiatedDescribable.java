package org.jenkinsci.plugins.structs.describable;

import java.io.Serializable;
import java.util.Map;

/** A signature, see the README. */
public class UninstantiatedDescribable implements Serializable {
  private static final long serialVersionUID = 1L;

  public UninstantiatedDescribable(Map<String, ?> arguments) {
    throw new UnsupportedOperationException();
  }

  public Map<String, ?> getArguments() {
    throw new UnsupportedOperationException();
  }

  public UninstantiatedDescribable withArguments(Map<String, ?> arguments) {
    throw new UnsupportedOperationException();
  }
}
