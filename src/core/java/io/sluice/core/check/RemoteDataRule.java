package io.sluice.core.check;

import io.sluice.core.spec.Spec;

/** Data from elsewhere is fetched by a command. */
final class RemoteDataRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    view.spec()
        .data()
        .forEach((name, source) -> {
          if (source.origin() instanceof Spec.DataSource.Stored stored
              && stored.path().contains("://")) {
            findings.add(
                "SLU-1037",
                view.spans().value("data", name, "path"),
                "\"" + stored.path() + "\" is not a file beside the spec",
                "fetch it with a command: run: [..] instead of path");
          }
        });
  }
}
