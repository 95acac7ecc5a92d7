/**
 * Benchmarks of reward models, each by its own rules of ties and averages.
 * A benchmark turns published files into items, a scorer grades the answers of the items, and the benchmark turns the scores into its metrics.
 */
@NullMarked
package dev.save4j.bench.reward;

import org.jspecify.annotations.NullMarked;
