/**
 * What a run is: its settings, its folder, its checkpoints and its report. A run folder explains itself and can be resumed.
 */
@NullMarked
package dev.save4j.run;

import org.jspecify.annotations.NullMarked;
