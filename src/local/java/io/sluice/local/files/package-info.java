/** What the parts of the local runner do alike with files. */
package io.sluice.local.files;
