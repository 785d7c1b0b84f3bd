/** Isolated Python environments from locked files: built once, never half-built. */
package io.sluice.local.environment;
