package org.springframework.security.core;

/** A signature, see the README. */
public abstract class AuthenticationException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public AuthenticationException(String msg) {
    super(msg);
  }
}
