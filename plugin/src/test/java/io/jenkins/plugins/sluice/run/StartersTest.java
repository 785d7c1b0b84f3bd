package io.jenkins.plugins.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.Cause;
import hudson.triggers.TimerTrigger;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Causes of builds as Jenkins and its plugins give them. */
class StartersTest {
  private abstract static class Described extends Cause {
    @Override
    public String getShortDescription() {
      return getClass().getName();
    }
  }

  /** As the one of a webhook whose plugin is not known here. */
  private static final class Webhook extends Described {}

  /** A build that was started by another one. */
  private static final class Upstream extends Described {
    private final Starters.Above build;

    Upstream(Cause... causes) {
      this("other#1", causes);
    }

    Upstream(Starters.Above build) {
      this.build = build;
    }

    Upstream(String build, Cause... causes) {
      this.build = new Starters.Above(build, List.of(causes), Optional.empty());
    }
  }

  private static final class Person extends Cause.UserIdCause {
    private final @Nullable String id;

    Person(@Nullable String id) {
      this.id = id;
    }

    @Override
    public @Nullable String getUserId() {
      return id;
    }
  }

  private static Starters of(Cause... causes) {
    return Starters.of(
        List.of(causes),
        c -> c instanceof Upstream upstream ? Optional.of(upstream.build) : Optional.empty());
  }

  @Test
  void aPersonIsNamed() {
    assertThat(of(new Person("ada"))).isEqualTo(new Starters(sorted("ada"), false, sorted()));
  }

  @Test
  void somebodyWhoIsNotLoggedInIsAPerson() {
    assertThat(of(new Person(null))).isEqualTo(new Starters(sorted(), true, sorted()));
  }

  @Test
  void everyCoalescedCauseCounts() {
    assertThat(of(new Person("ada"), new Person("bob"), new Person(null)))
        .isEqualTo(new Starters(sorted("ada", "bob"), true, sorted()));
  }

  @Test
  void upstreamBuildsAreFollowedToTheirRoots() {
    assertThat(of(new Upstream(new Upstream(new Person("eve")), new Person(null))))
        .isEqualTo(new Starters(sorted("eve"), true, sorted()));
  }

  /** Jenkins writes what started {@code a#7} beside the first of the two builds alone. */
  @Test
  void aBuildThatIsReachedOnTwoWaysHasItsCausesOnce() {
    Cause first = new Upstream("b#3", new Upstream("a#7", new Person("eve")));

    assertThat(of(new Upstream("d#1", first, new Upstream("c#4", new Upstream("a#7")))))
        .isEqualTo(new Starters(sorted("eve"), false, sorted()));
    assertThat(of(new Upstream("d#1", first, new Upstream("c#4", new Upstream("a#8")))).unknown())
        .containsExactly("an upstream build without a cause");
  }

  /** What {@code causes} of an upstream build say that is looked up, or is not there. */
  private static Starters.Above above(UpstreamBuilds upstream, String build, Cause... causes) {
    return upstream.above(
        build,
        List.of(new TimerTrigger.TimerTriggerCause()),
        () -> causes.length == 0 ? Optional.empty() : Optional.of(List.of(causes)));
  }

  private static Starters behind(List<Starters.Above> builds) {
    List<Cause> causes = builds.stream().<Cause>map(Upstream::new).toList();
    return of(causes.toArray(Cause[]::new));
  }

  /** Jenkins copies the first action of causes of a build to the builds that it starts. */
  @Test
  void anUpstreamBuildThatIsThereSaysMoreThanItsCopy() {
    Starters.Above build = above(new UpstreamBuilds(), "a#1", new Person("eve"));

    assertThat(behind(List.of(build))).isEqualTo(new Starters(sorted("eve"), false, sorted()));
  }

  @Test
  void anUpstreamBuildThatWasDiscardedMayHideAPerson() {
    Starters.Above gone = above(new UpstreamBuilds(), "a#1");

    assertThat(behind(List.of(gone)).unknown())
        .singleElement()
        .asString()
        .contains("the upstream build a#1", "discarded", "keep its builds");
  }

  @Test
  void moreUpstreamBuildsThanAreLookedAtMayHideAPerson() {
    UpstreamBuilds upstream = new UpstreamBuilds();
    Cause timer = new TimerTrigger.TimerTriggerCause();
    List<Starters.Above> builds = new ArrayList<>();
    for (int i = 1; i <= UpstreamBuilds.MAX_READ; i++) {
      builds.add(above(upstream, "a#" + i, timer));
    }
    builds.add(above(upstream, "a#1", timer)); // the same one again is none more
    assertThat(behind(builds)).isEqualTo(new Starters(sorted(), false, sorted()));

    builds.add(above(upstream, "b#1", new Person("eve")));

    assertThat(behind(builds).unknown()).containsExactly("more than 25 upstream builds");
  }

  @Test
  void whatIsNotKnownIsNotTakenForATrigger() {
    assertThat(of(new Webhook()).unknown()).containsExactly(Webhook.class.getName());
    assertThat(of(new Upstream()).unknown()).containsExactly("an upstream build without a cause");
    assertThat(of().unknown()).containsExactly("a build without a cause");
    assertThat(of(new Upstream(new Webhook())).unknown()).containsExactly(Webhook.class.getName());
  }

  @Test
  void aTriggerOfTheJobAsksNobody() {
    Starters nobody = new Starters(sorted(), false, sorted());
    class OfAPlugin extends TimerTrigger.TimerTriggerCause {}

    assertThat(of(new TimerTrigger.TimerTriggerCause())).isEqualTo(nobody);
    assertThat(of(new OfAPlugin())).isEqualTo(nobody);
    assertThat(of(new Upstream(new TimerTrigger.TimerTriggerCause()))).isEqualTo(nobody);
    assertThat(of(new TimerTrigger.TimerTriggerCause(), new Person(null)).anonymous()).isTrue();
  }

  private static SortedSet<String> sorted(String... ids) {
    return new TreeSet<>(List.of(ids));
  }
}
