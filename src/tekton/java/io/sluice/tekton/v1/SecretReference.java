package io.sluice.tekton.v1;

/** A Secret that exists: a folder with one file an entry, named after its key. */
public record SecretReference(String secretName) {}
