package hudson.model;

import hudson.security.AccessControlled;
import hudson.security.Permission;

/** A signature, see the README. */
public interface Item extends ModelObject, AccessControlled {
  Permission BUILD = null;
  Permission CONFIGURE = null;
  Permission EXTENDED_READ = null;

  ItemGroup<? extends Item> getParent();

  String getFullName();
}
