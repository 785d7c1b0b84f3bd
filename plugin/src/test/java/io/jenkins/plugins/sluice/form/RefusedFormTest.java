package io.jenkins.plugins.sluice.form;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hudson.model.Descriptor.FormException;
import org.junit.jupiter.api.Test;

/** Refusals as Jenkins 2.579 hands them on. */
class RefusedFormTest {
  private static final IllegalArgumentException REFUSAL =
      new IllegalArgumentException("there are two of registry main");

  /** A form of Jenkins as a whole. */
  @Test
  void theMessageOfASetterIsFoundBelowWhatWrapsIt() {
    FormException shown =
        RefusedForm.of(new IllegalArgumentException("setter", REFUSAL), "clusters");

    assertThat(shown).hasMessage("there are two of registry main").hasNoCause();
  }

  /** A form of a folder. */
  @Test
  void jenkinsWrapsItIntoAnErrorToo() {
    LinkageError wrapped =
        new LinkageError("Failed to instantiate", new IllegalArgumentException("bind", REFUSAL));

    assertThat(RefusedForm.of(wrapped, "clusters")).hasMessage("there are two of registry main");
  }

  @Test
  void aFailureIsNotShownAsARefusal() {
    NoClassDefFoundError failure = new NoClassDefFoundError("x");

    assertThatThrownBy(() -> RefusedForm.of(failure, "clusters")).hasRootCause(failure);
  }
}
