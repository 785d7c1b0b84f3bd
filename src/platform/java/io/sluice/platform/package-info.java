/**
 * Puts adapters together: what the command line and other entry points share. A {@link
 * io.sluice.platform.RegistrySession} is a model registry for some time, a {@link
 * io.sluice.platform.LocalMachine} is this machine made ready for a run, a {@link
 * io.sluice.platform.ClusterSession} is the cluster of a target. Entry points name these types and
 * the use cases of {@code io.sluice.app}, never an adapter.
 */
package io.sluice.platform;
