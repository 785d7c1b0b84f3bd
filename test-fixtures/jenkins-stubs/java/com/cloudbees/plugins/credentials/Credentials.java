package com.cloudbees.plugins.credentials;

import java.io.Serializable;

/** A signature, see the README. */
public interface Credentials extends Serializable {}
