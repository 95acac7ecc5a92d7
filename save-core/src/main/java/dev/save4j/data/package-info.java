/**
 * Preference sets and prompt sets read from JSON Lines, JSON arrays and Parquet, row by row and with every bad row, tie and duplicate counted.
 * The common layouts of the field are recognised from the columns; {@link dev.save4j.data.JsonLinesWriter} writes metrics and samples.
 */
@NullMarked
package dev.save4j.data;

import org.jspecify.annotations.NullMarked;
