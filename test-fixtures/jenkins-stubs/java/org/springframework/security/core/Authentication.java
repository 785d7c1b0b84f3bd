package org.springframework.security.core;

import java.io.Serializable;

/** A signature, see the README. */
public interface Authentication extends Serializable {}
