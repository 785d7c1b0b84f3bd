package hudson.security;

/** A signature, see the README. */
public final class PermissionScope {
  public static final PermissionScope ITEM = null;

  private PermissionScope() {}
}
