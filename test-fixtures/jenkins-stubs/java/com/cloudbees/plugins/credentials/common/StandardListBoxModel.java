package com.cloudbees.plugins.credentials.common;

/** A signature, see the README. */
public class StandardListBoxModel
    extends AbstractIdCredentialsListBoxModel<StandardListBoxModel, StandardCredentials> {
  private static final long serialVersionUID = 1L;
}
