package hudson.security;

import org.springframework.security.access.AccessDeniedException;
import org.springframework.security.core.Authentication;

/** A signature, see the README. */
public class AccessDeniedException3 extends AccessDeniedException {
  private static final long serialVersionUID = 1L;

  public AccessDeniedException3(Authentication authentication, Permission permission) {
    super("");
    throw new UnsupportedOperationException();
  }
}
