/** What all forms have in common: how they clean, check and protect their fields. */
@NullMarked
package io.jenkins.plugins.sluice.form;

import org.jspecify.annotations.NullMarked;
