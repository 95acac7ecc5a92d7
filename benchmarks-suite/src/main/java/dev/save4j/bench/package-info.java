/**
 * Measures reward models on benchmarks and compares runs.
 * Every number it prints comes with the count of items it rests on.
 */
@NullMarked
package dev.save4j.bench;

import org.jspecify.annotations.NullMarked;
