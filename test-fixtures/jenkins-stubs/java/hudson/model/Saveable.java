package hudson.model;

import java.io.IOException;

/** A signature, see the README. */
public interface Saveable {
  void save() throws IOException;
}
