package com.cloudbees.plugins.credentials.common;

import hudson.util.Secret;

/** A signature, see the README. */
public interface StandardUsernamePasswordCredentials extends StandardCredentials {
  String getUsername();

  Secret getPassword();
}
