package io.sluice.core.json;

import com.fasterxml.jackson.annotation.JacksonAnnotationsInside;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks the record of a format whose documents name it in their first field, {@code apiVersion}.
 * The name itself is the record's {@link com.fasterxml.jackson.annotation.JsonTypeName}: it is
 * written first, and a document with another one is refused.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@JacksonAnnotationsInside
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "apiVersion")
public @interface Versioned {}
