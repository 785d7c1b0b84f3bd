package hudson.triggers;

import hudson.model.Descriptor;
import hudson.model.Item;

/** A signature, see the README. */
public abstract class TriggerDescriptor extends Descriptor<Trigger<?>> {
  protected TriggerDescriptor() {}

  public abstract boolean isApplicable(Item item);
}
