package hudson.util;

import java.util.ArrayList;

/** A signature, see the README. */
public class ListBoxModel extends ArrayList<ListBoxModel.Option> {
  private static final long serialVersionUID = 1L;

  /** One line. */
  public static final class Option {
    public Option(String name, String value) {
      throw new UnsupportedOperationException();
    }
  }

  public void add(String displayName, String value) {
    throw new UnsupportedOperationException();
  }
}
