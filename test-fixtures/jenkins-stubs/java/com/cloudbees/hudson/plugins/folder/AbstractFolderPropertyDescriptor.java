package com.cloudbees.hudson.plugins.folder;

import hudson.model.Descriptor;

/** A signature, see the README. */
public abstract class AbstractFolderPropertyDescriptor
    extends Descriptor<AbstractFolderProperty<?>> {}
