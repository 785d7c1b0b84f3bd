/**
 * The use cases, declared for entry points and for other people's programs: check, compile, run,
 * and what one asks a registry. Sees ports only; takes a {@link io.sluice.app.SourceTree}, never a
 * path.
 */
package io.sluice.app;
