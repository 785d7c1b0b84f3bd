package net.sf.json;

/** A signature, see the README. */
public final class JSONObject {
  private JSONObject() {}
}
