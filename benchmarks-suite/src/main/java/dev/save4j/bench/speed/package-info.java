/**
 * How fast the machine is used: training speed of every gradient engine, side by side, against the machine's own peak. Every measurement runs in a JVM
 * of its own, so that start-up and peak memory are those of one engine and thread pools do not meet.
 */
@NullMarked
package dev.save4j.bench.speed;

import org.jspecify.annotations.NullMarked;
