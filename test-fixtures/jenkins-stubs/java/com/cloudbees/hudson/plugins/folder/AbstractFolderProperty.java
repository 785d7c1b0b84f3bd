package com.cloudbees.hudson.plugins.folder;

import hudson.model.AbstractDescribableImpl;

/** A signature, see the README. */
public abstract class AbstractFolderProperty<C extends AbstractFolder<?>>
    extends AbstractDescribableImpl<AbstractFolderProperty<?>> {
  @Override
  public AbstractFolderPropertyDescriptor getDescriptor() {
    throw new UnsupportedOperationException();
  }
}
