package hudson.model;

/** A signature, see the README. */
public interface Describable<T extends Describable<T>> {
  default Descriptor<T> getDescriptor() {
    throw new UnsupportedOperationException();
  }
}
