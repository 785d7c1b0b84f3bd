package jenkins.model;

import hudson.model.Actionable;
import hudson.model.Descriptor;
import hudson.model.Item;
import hudson.model.ItemGroup;
import hudson.model.Node;
import hudson.model.TopLevelItem;
import hudson.security.ACL;
import hudson.security.AccessControlled;
import hudson.security.Permission;
import java.io.File;
import org.springframework.security.core.Authentication;

/** A signature, see the README. */
public class Jenkins extends Actionable implements ItemGroup<TopLevelItem>, AccessControlled {
  public static final Permission ADMINISTER = null;
  public static final Authentication ANONYMOUS2 = null;

  public static Jenkins get() throws IllegalStateException {
    throw new UnsupportedOperationException();
  }

  @SuppressWarnings("rawtypes")
  public <T extends Descriptor> T getDescriptorByType(Class<T> type) {
    throw new UnsupportedOperationException();
  }

  public File getRootDir() {
    throw new UnsupportedOperationException();
  }

  public String getLegacyInstanceId() {
    throw new UnsupportedOperationException();
  }

  public <T extends Item> T getItemByFullName(String fullName, Class<T> type) {
    throw new UnsupportedOperationException();
  }

  public String getRootUrl() {
    throw new UnsupportedOperationException();
  }

  public Node getNode(String name) {
    throw new UnsupportedOperationException();
  }

  @Override
  public String getFullName() {
    throw new UnsupportedOperationException();
  }

  @Override
  public String getDisplayName() {
    throw new UnsupportedOperationException();
  }

  @Override
  public ACL getACL() {
    throw new UnsupportedOperationException();
  }
}
