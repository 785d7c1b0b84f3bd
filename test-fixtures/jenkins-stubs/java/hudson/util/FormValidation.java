package hudson.util;

import java.io.IOException;

/** A signature, see the README. */
public abstract class FormValidation extends IOException {
  private static final long serialVersionUID = 1L;

  FormValidation() {}

  public static FormValidation error(String message) {
    throw new UnsupportedOperationException();
  }

  public static FormValidation warning(String message) {
    throw new UnsupportedOperationException();
  }

  public static FormValidation ok(String message) {
    throw new UnsupportedOperationException();
  }

  public static FormValidation ok() {
    throw new UnsupportedOperationException();
  }
}
