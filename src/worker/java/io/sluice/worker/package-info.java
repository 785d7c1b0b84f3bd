/** What runs inside a pod. */
package io.sluice.worker;
