/** Benchmarks. */
package io.sluice.bench;
