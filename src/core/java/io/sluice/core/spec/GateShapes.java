package io.sluice.core.spec;

import static io.sluice.core.spec.Struct.Field.optional;

import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.GatePolicy.Given;
import io.sluice.core.gate.GateSetting;
import io.sluice.core.gate.SettingForm;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Derives the fields of the spec's gate from the declarations in {@link GatePolicy}. */
final class GateShapes {
  private GateShapes() {}

  /** One field for each key at the top of the gate, in the order of the declarations. */
  static List<Struct.Field<List<Given<?>>>> fields() {
    List<Struct.Field<List<Given<?>>>> fields = new ArrayList<>();
    for (String key : keys()) {
      fields.add(
          setting(key)
              .<Struct.Field<List<Given<?>>>>map(GateShapes::field)
              .orElseGet(() -> optional(key, group(key), GatePolicy.groupDoc(key))));
    }
    return List.copyOf(fields);
  }

  private static List<String> keys() {
    return GatePolicy.SETTINGS.stream().map(s -> s.group().orElse(s.key())).distinct().toList();
  }

  private static Optional<GateSetting<?>> setting(String name) {
    return GatePolicy.SETTINGS.stream().filter(s -> s.name().equals(name)).findFirst();
  }

  /** A map of its own, such as {@code guards}. */
  private static Shape<List<Given<?>>> group(String group) {
    List<Struct.Field<List<Given<?>>>> members = new ArrayList<>();
    for (GateSetting<?> setting : GatePolicy.SETTINGS) {
      if (setting.group().equals(Optional.of(group))) {
        members.add(field(setting));
      }
    }
    return Struct.of(group, List.copyOf(members), v -> given(members.stream(), v));
  }

  private static List<Given<?>> given(
      Stream<Struct.Field<List<Given<?>>>> fields, Struct.Values values) {
    return fields.flatMap(f -> values.find(f).stream()).<Given<?>>flatMap(List::stream).toList();
  }

  private static <T> Struct.Field<List<Given<?>>> field(GateSetting<T> setting) {
    Shape<List<Given<?>>> shape =
        Shapes.map(shape(setting.form()), value -> List.of(new Given<>(setting, value)));
    return new Struct.Field<>(setting.key(), shape, setting.required(), setting.doc());
  }

  @SuppressWarnings("unchecked") // each form's type is that of the shape beside it
  private static <T> Shape<T> shape(SettingForm<T> form) {
    return (Shape<T>)
        switch (form) {
          case SettingForm.Share s -> Shapes.percentage(s.low(), s.high());
          case SettingForm.Count c -> Shapes.count(c.low(), c.high());
          case SettingForm.Word<?> w -> word(w);
          case SettingForm.Flag f -> Shapes.flag();
          case SettingForm.Span s -> Shapes.duration();
          case SettingForm.Columns c ->
              Shapes.distinct(
                  "a list of columns", Shapes.text("a column's name", "for example market"), 0);
          case SettingForm.Floors f -> new FloorsShape();
          case SettingForm.Results r -> new ResultLimitsShape();
          case SettingForm.LossName l -> SpecModel.metric();
        };
  }

  private static <E extends Enum<E>> Shape<E> word(SettingForm.Word<E> word) {
    return Shapes.map(Shapes.word(word.words()), text -> word.option(text).orElseThrow());
  }
}
