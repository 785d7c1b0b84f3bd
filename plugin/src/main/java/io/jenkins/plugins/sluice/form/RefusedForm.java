package io.jenkins.plugins.sluice.form;

import hudson.model.Descriptor.FormException;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** What a person reads who saves a form that a setter refuses. */
@Restricted(NoExternalUse.class)
public final class RefusedForm {
  private RefusedForm() {}

  /**
   * The setter's own message, which Stapler wraps, as an exception that Jenkins shows on a page. It
   * carries no cause: Jenkins shows the stack trace of one below the message.
   *
   * @param t what binding the form threw
   * @param field the first field of the form that may be meant
   * @throws IllegalStateException for any other failure
   */
  public static FormException of(Throwable t, String field) {
    Throwable innermost = t;
    while (innermost.getCause() != null) {
      innermost = innermost.getCause();
    }
    if (!(innermost instanceof IllegalArgumentException)) {
      throw new IllegalStateException(t);
    }
    return new FormException(String.valueOf(innermost.getMessage()), field);
  }
}
