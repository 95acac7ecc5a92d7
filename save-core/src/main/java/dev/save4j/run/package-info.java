/**
 * What a run is: its settings, its folder and what it has measured. A run folder explains itself and can be resumed.
 */
@NullMarked
package dev.save4j.run;

import org.jspecify.annotations.NullMarked;
