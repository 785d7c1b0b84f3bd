/**
 * The use cases, declared for entry points and for other people's programs: check, compile, run (in
 * {@code io.sluice.app.run}), and the questions to a registry. They see ports only, and take a
 * {@link io.sluice.app.SourceTree}, never a path.
 */
package io.sluice.app;
