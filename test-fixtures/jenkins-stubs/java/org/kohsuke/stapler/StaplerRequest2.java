package org.kohsuke.stapler;

import jakarta.servlet.http.HttpServletRequest;
import net.sf.json.JSONObject;

/** A signature, see the README. */
public interface StaplerRequest2 extends HttpServletRequest {
  void bindJSON(Object bean, JSONObject src);
}
