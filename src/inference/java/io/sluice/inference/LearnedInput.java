package io.sluice.inference;

import io.sluice.core.evaluation.EvaluationReport.Check;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/**
 * An input of evaluate that models learn from.
 *
 * @param trials whether tune reads it, and train as well; otherwise train alone does
 * @param name without the group
 */
record LearnedInput(boolean trials, String name, Path path) {
  /** Group of the inputs that tune reads, and train as well. */
  static final String TRIALS = "training";

  /** Group of the inputs that train alone reads. */
  static final String REFIT = "refit";

  /**
   * Those of an evaluate stage: first what trials see, then what a refit alone sees.
   *
   * @param inputs by their names in evaluate, {@code training/<name>} and {@code refit/<name>}
   */
  static List<LearnedInput> of(SortedMap<String, Path> inputs) {
    List<LearnedInput> out = new ArrayList<>();
    for (String group : List.of(TRIALS, REFIT)) {
      String prefix = group + "/";
      inputs.forEach((input, path) -> {
        if (input.startsWith(prefix)) {
          out.add(new LearnedInput(group.equals(TRIALS), input.substring(prefix.length()), path));
        }
      });
    }
    return List.copyOf(out);
  }

  /** A table of this input that lies in a folder of its own: of one family. */
  LearnedInput part(Path folder) {
    return new LearnedInput(trials, name + "/" + folder.getFileName(), folder);
  }

  /** What messages call it. */
  String called() {
    return (trials ? TRIALS : REFIT) + "/" + name;
  }

  /** That it could not be looked at. */
  Unaudited unaudited(String why) {
    return new Unaudited(
        Check.TRAINING,
        "what the models learned from: the input %s of %s"
            .formatted(Refusal.quoted(name), trials ? "tune" : "train"),
        why,
        false);
  }
}
