package com.cloudbees.plugins.credentials.domains;

import java.io.Serializable;

/** A signature, see the README. */
public class DomainRequirement implements Serializable {
  private static final long serialVersionUID = 1L;
}
