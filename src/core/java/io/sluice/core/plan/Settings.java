package io.sluice.core.plan;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;

/**
 * What a profile or a step may change of a stage; travels to the run as parameter values, so that
 * the compiled pipeline stays the same bytes.
 *
 * @param with all values of the stage, defaults and overlays applied; an object, keys sorted
 */
public record Settings(JsonNode with, Duration timeout, Plan.Resources resources) {}
