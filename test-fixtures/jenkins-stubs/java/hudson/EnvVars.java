package hudson;

import java.util.Map;
import java.util.TreeMap;

/** A signature, see the README. */
public class EnvVars extends TreeMap<String, String> {
  private static final long serialVersionUID = 1L;

  public EnvVars(Map<String, String> m) {
    throw new UnsupportedOperationException();
  }

  public String expand(String s) {
    throw new UnsupportedOperationException();
  }

  public String get(String key, String defaultValue) {
    throw new UnsupportedOperationException();
  }
}
