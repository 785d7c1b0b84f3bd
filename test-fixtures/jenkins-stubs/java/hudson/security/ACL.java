package hudson.security;

import org.springframework.security.core.Authentication;

/** A signature, see the README. */
public abstract class ACL {
  public static final Authentication SYSTEM2 = null;

  public static ACLContext as2(Authentication a) {
    throw new UnsupportedOperationException();
  }

  public abstract boolean hasPermission2(Authentication a, Permission permission);
}
