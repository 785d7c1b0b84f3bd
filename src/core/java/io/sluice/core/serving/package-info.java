/** What a service that predicts shares with its ledger: versions that are served, predictions. */
@NullMarked
package io.sluice.core.serving;

import org.jspecify.annotations.NullMarked;
