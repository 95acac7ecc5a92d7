package dev.save4j.report;

import dev.save4j.AtomicFiles;
import dev.save4j.run.RewardTrainingFolder;
import dev.save4j.run.RewardTrainingMetrics;
import dev.save4j.run.RunFolder;
import dev.save4j.run.RunMetrics;
import java.util.Optional;

/**
 * The report of a run or of a reward model's training: {@code report.html}, one file that needs nothing else, and its plots as PNG in {@code plots/}. Written anew each time, also
 * of a run in progress. On a Java without fonts the report has no plots and says why.
 */
public final class Report {
    private Report() {}

    /** Writes the report of a run folder; returns what it concludes. A USER error names a damaged file and its line. */
    public static RunSummary write(RunFolder folder) {
        RunMetrics run = RunMetrics.read(folder);
        RunSummary summary = RunSummary.of(run);
        Pictures pictures = Pictures.draw(() -> Plots.of(run), folder.plots());
        AtomicFiles.write(folder.report(), new RunPage(run, summary, pictures).html());
        return summary;
    }

    /** Writes the report of a reward model's training. A USER error names a damaged file and its line. */
    public static void write(RewardTrainingFolder folder) {
        RewardTrainingMetrics run = RewardTrainingMetrics.read(folder);
        Optional<HeldOut> heldOut = run.scores().isEmpty() ? Optional.empty() : Optional.of(new HeldOut(run.scores()));
        Pictures pictures = Pictures.draw(() -> RewardTrainingPlots.of(run, heldOut), folder.plots());
        AtomicFiles.write(folder.report(), new RewardTrainingPage(run, heldOut, pictures).html());
    }
}
