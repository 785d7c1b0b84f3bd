package io.sluice.core.plan;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.JsonCodec;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What an evaluate stage makes of the tables that a stage writes: by this the store step of that
 * stage holds them to what evaluate will refuse. It travels among the stage's values, under a name
 * that the stage's command never sees.
 *
 * @param stage the evaluate stage
 * @param tables by the name of evaluate's input where it lies in the workspace of the stage that
 *     writes: {@code outputs/<name>}, or {@code inputs/<name>} where it reads it itself
 * @param with the values of the evaluate stage
 */
public record TableUse(String stage, SortedMap<String, String> tables, JsonNode with) {
  /** Its key among a stage's values. */
  public static final String KEY = "sluice.tables";

  public static final String OUTPUTS = "outputs/";
  public static final String INPUTS = "inputs/";

  public TableUse {
    tables = new TreeMap<>(tables);
  }

  /**
   * Reads them from the values of a stage; none for a stage that writes nothing for evaluate.
   *
   * @throws IllegalArgumentException when they are anything else
   */
  public static List<TableUse> of(JsonNode values) {
    JsonNode uses = values.path(KEY);
    return uses.isMissingNode() ? List.of() : JsonCodec.readList(uses, TableUse.class);
  }
}
