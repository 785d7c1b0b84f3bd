/** Interprets Tekton v1 objects as processes on this machine. */
package io.sluice.local;
