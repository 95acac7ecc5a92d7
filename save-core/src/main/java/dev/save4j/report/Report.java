package dev.save4j.report;

import dev.save4j.AtomicFiles;
import dev.save4j.SaveException;
import dev.save4j.run.RunFolder;
import dev.save4j.run.RunMetrics;
import java.awt.AWTError;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The report of a run: {@code report.html}, one file that needs nothing else, and its plots as PNG in {@code plots/}. Written anew each time, also
 * of a run in progress. On a Java without fonts the report has no plots and says why.
 */
public final class Report {
    private static final Logger LOG = LoggerFactory.getLogger(Report.class);
    private static final String STYLE = "report.css";

    private Report() {}

    /** Writes the report of a run folder; returns what it concludes. A USER error names a damaged file and its line. */
    public static RunSummary write(RunFolder folder) {
        RunMetrics run = RunMetrics.read(folder);
        RunSummary summary = RunSummary.of(run);
        Optional<String> obstacle = obstacle();
        List<ReportPage.Picture> pictures = new ArrayList<>();
        if (obstacle.isEmpty()) {
            for (Plot plot : Plots.of(run)) {
                byte[] png = plot.png();
                AtomicFiles.write(folder.plots().resolve(plot.name() + ".png"), png);
                pictures.add(new ReportPage.Picture(plot, png));
            }
        }
        AtomicFiles.write(folder.report(), new ReportPage(run, summary, pictures, obstacle, style()).html());
        return summary;
    }

    /** Why this Java cannot draw: it finds no fonts, or an X server that does not answer. A finished run must not fail for that. */
    private static Optional<String> obstacle() {
        try {
            Graphics2D graphics = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB).createGraphics();
            graphics.getFontMetrics(new Font(Font.SANS_SERIF, Font.PLAIN, 12)).stringWidth("0");
            graphics.dispose();
            return Optional.empty();
        } catch (LinkageError | InternalError | AWTError | RuntimeException failed) {
            LOG.warn("the report has no plots, because this Java cannot draw text", failed);
            return Optional.of("There are no plots, because this Java cannot draw text (" + failed
                    + "). Install fontconfig and a font, then write the report again.");
        }
    }

    private static String style() {
        try (InputStream resource = Report.class.getResourceAsStream(STYLE)) {
            if (resource == null) {
                throw SaveException.internal(STYLE + " is missing from the jar");
            }
            return new String(resource.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException failed) {
            throw SaveException.internal(STYLE + " cannot be read", failed);
        }
    }
}
