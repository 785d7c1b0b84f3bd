package org.kohsuke.stapler;

import jakarta.servlet.http.HttpServletResponse;

/** A signature, see the README. */
public interface StaplerResponse2 extends HttpServletResponse {}
