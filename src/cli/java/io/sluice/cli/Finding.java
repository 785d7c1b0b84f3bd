package io.sluice.cli;

/** One thing that doctor looked at, and whether it is well. */
record Finding(String what, boolean well, String detail) {}
