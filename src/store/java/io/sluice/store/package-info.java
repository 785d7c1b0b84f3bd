/** Artifact store adapters. */
package io.sluice.store;
