package hudson.security;

import org.springframework.security.access.AccessDeniedException;

/** A signature, see the README. */
public interface AccessControlled {
  ACL getACL();

  default void checkPermission(Permission permission) throws AccessDeniedException {
    throw new UnsupportedOperationException();
  }

  default boolean hasPermission(Permission permission) {
    throw new UnsupportedOperationException();
  }
}
