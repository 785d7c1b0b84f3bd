package org.kohsuke.stapler;

import net.sf.json.JSONObject;

/** A signature, see the README. */
public interface StaplerRequest2 {
  void bindJSON(Object bean, JSONObject src);
}
