/** Connections to clusters and registries. The only package that names the library's adapters. */
@NullMarked
package io.jenkins.plugins.sluice.connect;

import org.jspecify.annotations.NullMarked;
