package hudson.util;

import java.util.AbstractList;
import java.util.List;

/** A signature, see the README. */
public class PersistedList<T> extends AbstractList<T> {
  public List<T> toList() {
    throw new UnsupportedOperationException();
  }

  public <U extends T> U get(Class<U> type) {
    throw new UnsupportedOperationException();
  }

  @Override
  public T get(int index) {
    throw new UnsupportedOperationException();
  }

  @Override
  public int size() {
    throw new UnsupportedOperationException();
  }
}
