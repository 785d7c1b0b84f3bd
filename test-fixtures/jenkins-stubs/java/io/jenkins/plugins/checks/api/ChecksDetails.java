package io.jenkins.plugins.checks.api;

/** A signature, see the README. */
public class ChecksDetails {
  private ChecksDetails() {}

  /** A signature, see the README. */
  public static class ChecksDetailsBuilder {
    public ChecksDetailsBuilder() {
      throw new UnsupportedOperationException();
    }

    public ChecksDetailsBuilder withName(String name) {
      throw new UnsupportedOperationException();
    }

    public ChecksDetailsBuilder withStatus(ChecksStatus status) {
      throw new UnsupportedOperationException();
    }

    public ChecksDetailsBuilder withConclusion(ChecksConclusion conclusion) {
      throw new UnsupportedOperationException();
    }

    public ChecksDetailsBuilder withOutput(ChecksOutput output) {
      throw new UnsupportedOperationException();
    }

    public ChecksDetails build() {
      throw new UnsupportedOperationException();
    }
  }
}
