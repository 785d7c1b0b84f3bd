package com.cloudbees.plugins.credentials.common;

import com.cloudbees.plugins.credentials.Credentials;

/** A signature, see the README. */
public interface IdCredentials extends Credentials {
  String getId();
}
