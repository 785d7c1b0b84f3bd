package io.jenkins.plugins.sluice.config;

import hudson.init.InitMilestone;
import hudson.init.Initializer;
import hudson.model.Item;
import hudson.security.Permission;
import hudson.security.PermissionGroup;
import hudson.security.PermissionScope;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** What Sluice asks of a person beyond what a job asks already. */
@Restricted(NoExternalUse.class)
public final class SluicePermissions {
  public static final PermissionGroup GROUP =
      new PermissionGroup(SluicePermissions.class, Messages._Permissions_group());

  /** To have builds of a job change which version of a model is in production. */
  public static final Permission PROMOTE =
      new Permission(
          GROUP, "Promote", Messages._Permissions_promote(), Item.CONFIGURE, PermissionScope.ITEM);

  private SluicePermissions() {}

  /** Makes the permission known before any authorization strategy is read. */
  @Initializer(after = InitMilestone.PLUGINS_STARTED, before = InitMilestone.EXTENSIONS_AUGMENTED)
  public static void register() {
    // Calling this loads the class, and that is what registers the permission.
  }
}
