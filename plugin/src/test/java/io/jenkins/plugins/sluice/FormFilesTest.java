package io.jenkins.plugins.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.sluice.config.ClusterConfig;
import io.jenkins.plugins.sluice.config.RegistryConfig;
import io.jenkins.plugins.sluice.config.SluiceInstallation;
import io.jenkins.plugins.sluice.newdata.NewDataTrigger;
import io.jenkins.plugins.sluice.step.CustomStageStep;
import io.jenkins.plugins.sluice.step.DriftStep;
import io.jenkins.plugins.sluice.step.EvaluateStep;
import io.jenkins.plugins.sluice.step.PipelineStep;
import io.jenkins.plugins.sluice.step.PreprocessStep;
import io.jenkins.plugins.sluice.step.PromoteStep;
import io.jenkins.plugins.sluice.step.RetrainStep;
import io.jenkins.plugins.sluice.step.RollbackStep;
import io.jenkins.plugins.sluice.step.TrainStep;
import io.jenkins.plugins.sluice.step.TuneStep;
import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.kohsuke.stapler.DataBoundConstructor;
import org.kohsuke.stapler.DataBoundSetter;

/** Everything that one can configure has a form, and every parameter a help text. */
class FormFilesTest {
  static Stream<Class<?>> configured() {
    return Stream.of(
        RetrainStep.class,
        PipelineStep.class,
        PreprocessStep.class,
        DriftStep.class,
        TuneStep.class,
        TrainStep.class,
        EvaluateStep.class,
        PromoteStep.class,
        CustomStageStep.class,
        RollbackStep.class,
        NewDataTrigger.class,
        SluiceInstallation.class,
        ClusterConfig.class,
        RegistryConfig.class);
  }

  @ParameterizedTest
  @MethodSource("configured")
  void aFormAndAHelpForEachParameter(Class<?> type) {
    assertThat(type.getResource(type.getSimpleName() + "/config.jelly")).as("form").isNotNull();
    for (String parameter : parameters(type)) {
      assertThat(help(type, parameter)).as("help of %s", parameter).isTrue();
    }
  }

  /** As a form looks for it: with the class, else with those that it extends. */
  private static boolean help(Class<?> type, String parameter) {
    for (Class<?> at = type; at != null && at != Object.class; at = at.getSuperclass()) {
      if (at.getResource(at.getSimpleName() + "/help-" + parameter + ".html") != null) {
        return true;
      }
    }
    return false;
  }

  private static List<String> parameters(Class<?> type) {
    List<String> names = new ArrayList<>();
    for (Constructor<?> c : type.getConstructors()) {
      if (c.isAnnotationPresent(DataBoundConstructor.class)) {
        for (var p : c.getParameters()) {
          if (p.isNamePresent()) { // only where it is compiled with -parameters
            names.add(p.getName());
          }
        }
      }
    }
    for (Method m : type.getMethods()) {
      if (m.isAnnotationPresent(DataBoundSetter.class)) {
        String name = m.getName().substring("set".length());
        names.add(name.substring(0, 1).toLowerCase(java.util.Locale.ROOT) + name.substring(1));
      }
    }
    return names;
  }
}
