package io.sluice.core.gate;

import io.sluice.core.task.Task;
import java.util.Optional;
import java.util.function.Function;

/**
 * One setting of a gate, declared once in {@link GatePolicy}. The parser and the schema of specs,
 * the plan, the gate and the table in {@code docs/gate.md} follow from the declaration.
 *
 * @param name the key in a spec and in JSON; {@code group.key} for a key in a map of its own
 * @param form the values that are allowed
 * @param byTask the value of a policy that does not say, by the task of the models; empty where
 *     there is none
 * @param required whether a policy must say
 * @param help what it decides, without its default
 * @param fallback what holds for a policy that does not say, as the documentation spells it; empty
 *     when it must say
 */
public record GateSetting<T>(
    String name,
    SettingForm<T> form,
    Function<Task, Optional<T>> byTask,
    boolean required,
    String help,
    Optional<String> fallback) {

  /** A setting that every policy must give. */
  static <T> GateSetting<T> required(String name, SettingForm<T> form, String help) {
    return new GateSetting<>(name, form, GateSetting::none, true, help, Optional.empty());
  }

  /** A setting with a default. */
  static <T> GateSetting<T> usually(String name, SettingForm<T> form, T usual, String help) {
    return new GateSetting<>(
        name, form, task -> Optional.of(usual), false, help, Optional.of(form.spell(usual)));
  }

  /** A setting whose default depends on the task of the models. */
  static <T> GateSetting<T> byTask(
      String name,
      SettingForm<T> form,
      Function<Task, Optional<T>> byTask,
      String fallback,
      String help) {
    return new GateSetting<>(name, form, byTask, false, help, Optional.of(fallback));
  }

  /** A setting whose default depends on the rest of the spec. */
  static <T> GateSetting<T> derived(
      String name, SettingForm<T> form, String fallback, String help) {
    return new GateSetting<>(name, form, GateSetting::none, false, help, Optional.of(fallback));
  }

  private static <T> Optional<T> none(Task task) {
    return Optional.empty();
  }

  /** The value of a policy for forecasts that does not say; empty when there is none. */
  public Optional<T> usual() {
    return byTask.apply(Task.FORECAST);
  }

  /** The map that the key belongs to; empty for one at the top. */
  public Optional<String> group() {
    int dot = name.indexOf('.');
    return dot < 0 ? Optional.empty() : Optional.of(name.substring(0, dot));
  }

  /** The last part of the name. */
  public String key() {
    return name.substring(name.indexOf('.') + 1);
  }

  /** One line of documentation, the default in parentheses. */
  public String doc() {
    return help + fallback.map(f -> " (" + f + ")").orElse("");
  }
}
