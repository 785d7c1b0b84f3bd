package io.sluice.core.gate;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/** Tests every slice for a regression; only one that Holm's correction leaves standing counts. */
final class Regressions {
  private final Comparison comparison;
  private final GatePolicy policy;
  private final Proof proof;

  Regressions(Comparison comparison, Proof proof) {
    this.comparison = comparison;
    this.policy = comparison.policy();
    this.proof = proof;
  }

  /** Sorted by column, then value. */
  List<Verdict.Slice> slices(String candidate, String reference) {
    record Part(String column, String value, BitSet rows) {}
    List<Part> parts = new ArrayList<>();
    for (String column :
        policy.find(GatePolicy.SLICES).orElse(comparison.rows().sliceColumns()).stream()
            .sorted()
            .toList()) {
      HoldoutRows.Codes codes = comparison.rows().slice(column);
      List<BitSet> byValue = new ArrayList<>();
      codes.names().forEach(name -> byValue.add(new BitSet()));
      for (int i = 0; i < comparison.rows().size(); i++) {
        byValue.get(codes.code()[i]).set(i);
      }
      for (int v = 0; v < byValue.size(); v++) {
        if (!byValue.get(v).isEmpty()) {
          parts.add(new Part(column, codes.names().get(v), byValue.get(v)));
        }
      }
    }
    double level = (1 - policy.get(GatePolicy.CONFIDENCE)) / Math.max(1, parts.size());
    List<Contrast> contrasts = new ArrayList<>();
    double[] p = new double[parts.size()];
    for (int s = 0; s < p.length; s++) {
      Part part = parts.get(s);
      Contrast contrast = comparison.contrast(candidate, reference, 1, part.rows);
      contrasts.add(contrast);
      p[s] =
          proof.oneSided(contrast.negated(), "slice " + part.column + " " + part.value, level).p();
    }
    double[] adjusted = Holm.adjusted(p);
    List<Verdict.Slice> out = new ArrayList<>();
    for (int s = 0; s < p.length; s++) {
      Part part = parts.get(s);
      out.add(
          new Verdict.Slice(
              part.column,
              part.value,
              part.rows.cardinality(),
              contrasts.get(s).unitCount(),
              comparison.improvement(candidate, reference, part.rows),
              p[s],
              adjusted[s],
              Rounding.atMost(adjusted[s], 1 - policy.get(GatePolicy.CONFIDENCE))));
    }
    return List.copyOf(out);
  }
}
