package hudson;

import java.util.AbstractList;

/** A signature, see the README. */
public class ExtensionList<T> extends AbstractList<T> {
  public static <T> ExtensionList<T> lookup(Class<T> type) {
    throw new UnsupportedOperationException();
  }

  public static <U> U lookupSingleton(Class<U> type) {
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
