package hudson.model;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.Serializable;

/** A signature, see the README. */
public interface TaskListener extends Serializable {
  PrintStream getLogger();

  default PrintWriter error(String msg) {
    throw new UnsupportedOperationException();
  }
}
