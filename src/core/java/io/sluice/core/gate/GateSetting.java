package io.sluice.core.gate;

import java.util.Optional;

/**
 * One setting of a gate, declared once in {@link GatePolicy}. The parser and the schema of specs,
 * the plan, the gate and the table in {@code docs/gate.md} follow from the declaration.
 *
 * @param name the key in a spec and in JSON; {@code group.key} for a key in a map of its own
 * @param form the values that are allowed
 * @param usual the value of a policy that does not say; empty when there is none
 * @param required whether a policy must say
 * @param help what it decides, without its default
 * @param fallback what holds for a policy that does not say, as the documentation spells it; empty
 *     when it must say
 */
public record GateSetting<T>(
    String name,
    SettingForm<T> form,
    Optional<T> usual,
    boolean required,
    String help,
    Optional<String> fallback) {

  /** A setting that every policy must give. */
  static <T> GateSetting<T> required(String name, SettingForm<T> form, String help) {
    return new GateSetting<>(name, form, Optional.empty(), true, help, Optional.empty());
  }

  /** A setting with a default. */
  static <T> GateSetting<T> usually(String name, SettingForm<T> form, T usual, String help) {
    return new GateSetting<>(
        name, form, Optional.of(usual), false, help, Optional.of(form.spell(usual)));
  }

  /** A setting whose default depends on the rest of the spec. */
  static <T> GateSetting<T> derived(
      String name, SettingForm<T> form, String fallback, String help) {
    return new GateSetting<>(name, form, Optional.empty(), false, help, Optional.of(fallback));
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
