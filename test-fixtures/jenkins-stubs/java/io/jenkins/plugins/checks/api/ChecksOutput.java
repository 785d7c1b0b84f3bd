package io.jenkins.plugins.checks.api;

/** A signature, see the README. */
public class ChecksOutput {
  private ChecksOutput() {}

  /** A signature, see the README. */
  public static class ChecksOutputBuilder {
    public ChecksOutputBuilder() {
      throw new UnsupportedOperationException();
    }

    public ChecksOutputBuilder withTitle(String title) {
      throw new UnsupportedOperationException();
    }

    public ChecksOutputBuilder withSummary(String summary) {
      throw new UnsupportedOperationException();
    }

    public ChecksOutput build() {
      throw new UnsupportedOperationException();
    }
  }
}
