/**
 * What came out of a run, for people: conclusions, tables, plots and the HTML report. Reads run folders and writes nothing but reports.
 */
@NullMarked
package dev.save4j.report;

import org.jspecify.annotations.NullMarked;
