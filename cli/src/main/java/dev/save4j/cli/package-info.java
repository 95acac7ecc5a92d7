/**
 * The save4j command: reads arguments, calls the library, prints what happened.
 * The only module that sees all the others.
 */
@NullMarked
package dev.save4j.cli;

import org.jspecify.annotations.NullMarked;
