package hudson.model;

import hudson.security.ACL;
import java.io.File;

/** A signature, see the README. */
public abstract class AbstractItem extends Actionable implements Item {
  @Override
  public ItemGroup<? extends Item> getParent() {
    throw new UnsupportedOperationException();
  }

  public File getRootDir() {
    throw new UnsupportedOperationException();
  }

  @Override
  public final String getFullName() {
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
