/** What Tekton's objects mean, independent of what runs the steps. */
package io.sluice.local.interpret;
