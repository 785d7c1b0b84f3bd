package io.jenkins.plugins.sluice.newdata;

import hudson.model.Cause;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** Why a build was started: a data source has something new. Saved with the build. */
@Restricted(NoExternalUse.class)
public final class NewDataCause extends Cause {
  private final String source;
  private final String fingerprint;

  NewDataCause(String source, String fingerprint) {
    this.source = source;
    this.fingerprint = fingerprint;
  }

  public String getSource() {
    return source;
  }

  public String getFingerprint() {
    return fingerprint;
  }

  @Override
  public String getShortDescription() {
    return Messages.NewDataCause_description(source, fingerprint);
  }
}
