package com.cloudbees.plugins.credentials.common;

/** A signature, see the README. */
public interface StandardCredentials extends IdCredentials {
  String getDescription();
}
