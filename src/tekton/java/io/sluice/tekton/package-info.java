/** Tekton v1 as records: plan to records to YAML, and YAML to records. Talks to nobody. */
package io.sluice.tekton;
