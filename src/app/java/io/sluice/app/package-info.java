/** The use cases. */
package io.sluice.app;
