package hudson;

/** A signature, see the README. */
public class MarkupText {
  public MarkupText(String text) {
    throw new UnsupportedOperationException();
  }

  public String getText() {
    throw new UnsupportedOperationException();
  }

  public void addMarkup(int pos, String tag) {
    throw new UnsupportedOperationException();
  }
}
