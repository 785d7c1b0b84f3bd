package org.kohsuke.stapler;

/** A signature, see the README. */
public abstract class HttpResponses {
  public static HttpResponse redirectToDot() {
    throw new UnsupportedOperationException();
  }
}
