package io.jenkins.plugins.sluice.form;

import com.cloudbees.plugins.credentials.CredentialsMatcher;
import com.cloudbees.plugins.credentials.CredentialsProvider;
import com.cloudbees.plugins.credentials.common.StandardCredentials;
import com.cloudbees.plugins.credentials.common.StandardListBoxModel;
import hudson.model.Item;
import hudson.security.ACL;
import hudson.util.ListBoxModel;
import java.util.List;
import jenkins.model.Jenkins;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** Decides who may use what a form asks the controller for. */
@Restricted(NoExternalUse.class)
public final class FormAccess {
  private FormAccess() {}

  /**
   * Refuses a request of a form by a person who may not change what the form changes.
   *
   * @param item the folder or job whose form it is; null: the configuration of Jenkins
   */
  public static void checkMayConfigure(@Nullable Item item) {
    if (item == null) {
      Jenkins.get().checkPermission(Jenkins.ADMINISTER);
    } else {
      item.checkPermission(Item.CONFIGURE);
    }
  }

  /**
   * The credentials that a form offers. A person who may not choose among them is offered the
   * present one only.
   *
   * @param present id of the credentials that are chosen now
   */
  public static ListBoxModel credentials(
      @Nullable Item item,
      String present,
      Class<StandardCredentials> type,
      CredentialsMatcher matcher,
      StandardListBoxModel list) {
    boolean may =
        item == null
            ? Jenkins.get().hasPermission(Jenkins.ADMINISTER)
            : item.hasPermission(Item.EXTENDED_READ)
                || item.hasPermission(CredentialsProvider.USE_ITEM);
    if (!may) {
      return list.includeCurrentValue(present);
    }
    var all = list.includeEmptyValue();
    all =
        item == null
            ? all.includeMatchingAs(ACL.SYSTEM2, Jenkins.get(), type, List.of(), matcher)
            : all.includeMatchingAs(ACL.SYSTEM2, item, type, List.of(), matcher);
    return all.includeCurrentValue(present);
  }
}
