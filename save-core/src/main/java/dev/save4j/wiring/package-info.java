/**
 * Turns the names in an experiment into objects: engines, algorithms and models, wired by Guice, one injector for each mode of a run. No type of
 * Guice leaves this package.
 */
@NullMarked
package dev.save4j.wiring;

import org.jspecify.annotations.NullMarked;
