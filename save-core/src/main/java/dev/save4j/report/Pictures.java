package dev.save4j.report;

import dev.save4j.AtomicFiles;
import java.awt.AWTError;
import java.awt.Font;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The plots of a report, drawn.
 *
 * @param obstacle why there are none
 */
public record Pictures(List<Picture> all, Optional<String> obstacle) {
    private static final Logger LOG = LoggerFactory.getLogger(Pictures.class);

    public Pictures {
        all = List.copyOf(all);
    }

    /** A plot and its PNG. */
    public record Picture(Plot plot, byte[] png) {}

    /** Draws plots, also as files into a folder. */
    public static Pictures draw(Supplier<List<Plot>> plots, Path folder) {
        Optional<String> obstacle = findObstacle();
        List<Picture> pictures = new ArrayList<>();
        if (obstacle.isEmpty()) {
            for (Plot plot : plots.get()) {
                byte[] png = plot.png();
                AtomicFiles.write(folder.resolve(plot.name() + ".png"), png);
                pictures.add(new Picture(plot, png));
            }
        }
        return new Pictures(pictures, obstacle);
    }

    List<Picture> of(String section) {
        return all.stream()
                .filter(picture -> picture.plot().section().equals(section))
                .toList();
    }

    /** Why this Java cannot draw: it finds no fonts, or an X server that does not answer. A finished run must not fail for that. */
    private static Optional<String> findObstacle() {
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
}
