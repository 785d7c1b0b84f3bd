package io.sluice.serving.http;

import io.sluice.core.serving.Ledger;
import io.sluice.serving.predict.Versions;
import io.sluice.serving.protocol.Endpoints;

/**
 * What a server serves.
 *
 * @param model its name, whether there is a version of it yet or not
 * @param keepsAll whether nothing may be answered that the ledger cannot keep
 * @param program the version of this program
 */
public record Served(
    String model,
    Versions versions,
    Endpoints endpoints,
    Ledger ledger,
    boolean keepsAll,
    String program) {}
