/** The command line. */
package io.sluice.cli;
