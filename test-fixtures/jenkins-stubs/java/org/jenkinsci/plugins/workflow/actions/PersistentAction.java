package org.jenkinsci.plugins.workflow.actions;

import hudson.model.Action;

/** A signature, see the README. */
public interface PersistentAction extends Action {}
