/**
 * The promotion log's rules, without any server: what an entry is, how entries chain by digest, and
 * what a replay of them says. {@code src/mlflow} stores and reads the entries.
 */
@org.jspecify.annotations.NullMarked
package io.sluice.core.promotion;
