package org.jenkinsci.plugins.structs.describable;

/** A signature, see the README. */
public interface CustomDescribableModel {
  default UninstantiatedDescribable customUninstantiate(UninstantiatedDescribable ud) {
    throw new UnsupportedOperationException();
  }
}
