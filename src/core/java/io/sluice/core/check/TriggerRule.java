package io.sluice.core.check;

import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.Location;
import io.sluice.core.spec.Spec;

/** A trigger names a source that can be polled and a profile that exists. */
final class TriggerRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    Spec spec = view.spec();
    spec.triggers()
        .newData()
        .ifPresent(t -> {
          Location at = view.spans().value("triggers", "newData", "source");
          Spec.DataSource source = spec.data().get(t.source());
          if (source == null) {
            findings.add(
                "SLU-1021",
                at,
                "unknown data source \"" + t.source() + "\"",
                DidYouMean.hint(spec.data().keySet(), t.source()));
          } else if (source.fingerprint().isEmpty()) {
            findings.add(
                "SLU-1033",
                at,
                "data source \"" + t.source() + "\" has no fingerprint to poll",
                "add fingerprint: [..], a command whose output changes with the data");
          }
        });
    spec.triggers()
        .pullRequest()
        .flatMap(Spec.PullRequest::profile)
        .filter(p -> !spec.profiles().containsKey(p))
        .ifPresent(p ->
            findings.add(
                "SLU-1033",
                view.spans().value("triggers", "pullRequest", "profile"),
                "unknown profile \"" + p + "\"",
                DidYouMean.hint(spec.profiles().keySet(), p)));
  }
}
