package io.sluice.worker.workspace;

import io.sluice.core.gate.Reported;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The inputs of a gate that say what stages reported: {@code results/<stage>} is what a stage left
 * in {@code SLUICE_RESULTS}, {@code champion-numbers} what the champion's version has.
 */
public final class ReportedInput {
  private static final String RESULTS = "results";
  private static final String CHAMPION = "champion-numbers";

  private ReportedInput() {}

  /** What was reported, as far as the gate has limits for it. */
  public static Reported in(StepInput step) throws IOException {
    TreeMap<String, SortedMap<String, String>> stages = new TreeMap<>();
    Path folder = step.inputs().resolve(RESULTS);
    if (Files.isDirectory(folder)) {
      for (Path file : files(folder)) {
        stages.put(String.valueOf(file.getFileName()), read(file, String.class));
      }
    }
    Path numbers = step.inputs().resolve(CHAMPION);
    SortedMap<String, Double> champion =
        Files.isRegularFile(numbers) ? read(numbers, Double.class) : Collections.emptySortedMap();
    return new Reported(stages, step.resolved().champion().map(c -> champion));
  }

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> list = Files.list(folder)) {
      return list.sorted().toList();
    }
  }

  private static <T> SortedMap<String, T> read(Path file, Class<T> value) throws IOException {
    return JsonCodec.readMap(Json.parse(Files.readAllBytes(file)), value);
  }
}
