/** What is written down of stages and runs, for lineage, reports and the gates of later runs. */
package io.sluice.core.record;
