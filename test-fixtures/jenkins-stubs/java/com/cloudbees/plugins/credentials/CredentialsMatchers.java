package com.cloudbees.plugins.credentials;

/** A signature, see the README. */
public class CredentialsMatchers {
  private CredentialsMatchers() {}

  public static CredentialsMatcher anyOf(CredentialsMatcher... matchers) {
    throw new UnsupportedOperationException();
  }

  public static CredentialsMatcher instanceOf(Class clazz) {
    throw new UnsupportedOperationException();
  }
}
