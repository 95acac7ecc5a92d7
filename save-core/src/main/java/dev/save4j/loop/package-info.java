/**
 * The loop that improves a reward model with the answers of the policy it trains.
 * It speaks to engines through the API alone and never names one.
 */
@NullMarked
package dev.save4j.loop;

import org.jspecify.annotations.NullMarked;
