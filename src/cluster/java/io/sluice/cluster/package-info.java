/** Runs pipelines on Kubernetes with Tekton; the only module that loads fabric8's client. */
package io.sluice.cluster;
