package io.sluice.inference;

import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * What {@code panel.json} says of the tables beside it (schema {@code panel.schema.json}).
 *
 * @param unit columns that together name a series
 * @param slices columns by which the gate looks at parts; may be unit columns
 * @param channels columns of values
 * @param period length of one period, fixed
 * @param label the channel that is forecast
 */
record PanelFormat(
    List<String> unit, List<String> slices, List<String> channels, Duration period, String label) {
  private static final long MAX_BYTES = 1 << 20;
  static final List<String> RESERVED =
      List.of(
          "origin", "horizon", "targetEnd", "knownAt", "eventTime", "actual", "weight", "champion");

  /**
   * Reads {@code folder/panel.json}.
   *
   * @throws io.sluice.core.diag.SluiceException SLU-6020
   */
  static PanelFormat read(Path folder, String name) throws IOException {
    Path file = folder.resolve("panel.json");
    try {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) > MAX_BYTES) {
        throw new IllegalArgumentException("there is no such file, or it is longer than 1 MiB");
      }
      Fields fields = new Fields("panel.json", Json.parse(Files.readAllBytes(file)));
      PanelFormat format =
          new PanelFormat(
              fields.texts("unit", 1, 16),
              fields.texts("slices", 0, 16),
              fields.texts("channels", 1, ForecastSignature.MAX_CHANNELS),
              fields.duration("period"),
              fields.text("label"));
      fields.end();
      format.check();
      return format;
    } catch (IllegalArgumentException e) {
      throw Refusal.of(
          "SLU-6020",
          "%s/panel.json: %s".formatted(name, e.getMessage()),
          "write it as panel.schema.json has it",
          e);
    }
  }

  private void check() {
    if (!channels.contains(label)) {
      throw new IllegalArgumentException("the label `" + label + "` is none of the channels");
    }
    if (period.compareTo(Duration.ofMinutes(1)) < 0 || period.toDays() > 3660) {
      throw new IllegalArgumentException("a period is between a minute and ten years long");
    }
    for (String column : keyColumns()) {
      if (RESERVED.contains(column) || column.indexOf(':') >= 0 || channels.contains(column)) {
        throw new IllegalArgumentException(
            Refusal.quoted(column) + " cannot name a unit or slice column: it names another");
      }
    }
    for (String column : channels) {
      if (column.equals("eventTime") || column.equals("knownAt")) {
        throw new IllegalArgumentException("`" + column + "` cannot name a channel");
      }
    }
  }

  long periodMicros() {
    return EpochMicros.of(period);
  }

  /** Unit columns, then slice columns that are not among them. */
  List<String> keyColumns() {
    List<String> columns = new ArrayList<>(unit);
    slices.stream().filter(s -> !unit.contains(s)).forEach(columns::add);
    return columns;
  }
}
