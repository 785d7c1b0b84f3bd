package hudson.model;

/** A signature, see the README. */
public interface ModelObject {
  String getDisplayName();
}
