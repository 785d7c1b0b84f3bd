package hudson.model;

import hudson.console.ConsoleNote;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.Serializable;

/** A signature, see the README. */
public interface TaskListener extends Serializable {
  PrintStream getLogger();

  @SuppressWarnings("rawtypes")
  default void annotate(ConsoleNote ann) throws IOException {
    throw new UnsupportedOperationException();
  }

  default PrintWriter error(String msg) {
    throw new UnsupportedOperationException();
  }
}
