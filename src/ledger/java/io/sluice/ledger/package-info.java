/** Keeps predictions in a database: SQLite in a file, or PostgreSQL. */
@NullMarked
package io.sluice.ledger;

import org.jspecify.annotations.NullMarked;
