package dev.save4j.models;

/**
 * The normal distribution from which a new weight is drawn.
 *
 * @param mean the value itself where the deviation is 0
 */
public record Initial(double mean, double deviation) {
    public static final Initial ZERO = new Initial(0, 0);
    public static final Initial ONE = new Initial(1, 0);
}
