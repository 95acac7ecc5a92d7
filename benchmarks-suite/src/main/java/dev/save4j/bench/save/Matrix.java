package dev.save4j.bench.save;

import dev.save4j.SaveException;
import dev.save4j.bench.save.MatrixSettings.Adjustment;
import dev.save4j.bench.save.MatrixSettings.Grid;
import dev.save4j.run.Experiment;
import dev.save4j.run.ExperimentReader;
import dev.save4j.run.RunFolder;
import dev.save4j.run.SettingsFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * Cells of which each is an ordinary run.
 *
 * @param cells each once, in the order of the file, all seeds of a combination together
 */
public record Matrix(MatrixSettings settings, List<MatrixCell> cells) {
    private static final List<String> OWN = List.of(
            "name", "seed", "output", "modes", "parallel", "algorithm.name", "policy.backbone", "engines.gradient");

    public Matrix {
        cells = List.copyOf(cells);
    }

    /**
     * Reads a matrix file and resolves every cell; a USER error says what is wrong in it or in the experiment.
     *
     * @param overrides of every cell beside those of the file, of the form {@code key=value}
     */
    public static Matrix read(Path file, List<String> overrides) {
        MatrixSettings settings = SettingsFile.read(file, MatrixSettings.class);
        Path base = file.resolveSibling(settings.base());
        Map<String, MatrixCell> cells = new LinkedHashMap<>();
        for (Grid grid : settings.grids()) {
            for (String algorithm : grid.algorithms()) {
                for (String backbone : grid.backbones()) {
                    for (String engine : grid.engines()) {
                        MatrixCell.Column column = new MatrixCell.Column(algorithm, backbone, engine);
                        for (long seed : settings.seeds()) {
                            MatrixCell cell = cell(settings, base, column, seed, overrides);
                            cells.putIfAbsent(cell.name(), cell);
                        }
                    }
                }
            }
        }
        return new Matrix(settings, List.copyOf(cells.values()));
    }

    private static MatrixCell cell(
            MatrixSettings settings, Path base, MatrixCell.Column column, long seed, List<String> overrides) {
        List<String> set = new ArrayList<>(settings.set());
        for (Adjustment adjustment : settings.adjustments()) {
            if (List.of(column.algorithm(), column.backbone(), column.engine()).contains(adjustment.of())) {
                set.addAll(adjustment.set());
            }
        }
        set.addAll(overrides);
        set.forEach(Matrix::refuseOwn);
        set.addAll(List.of(
                "name=" + column.name() + "-" + seed,
                "seed=" + seed,
                "output="
                        + JsonMapper.shared()
                                .writeValueAsString(folder(settings).toString()),
                "modes=" + settings.modes().stream().map(Experiment.Mode::label).toList(),
                // Cells run beside one another instead.
                "parallel=1",
                "algorithm.name=" + column.algorithm(),
                "policy.backbone=" + column.backbone(),
                "engines.gradient=" + column.engine()));
        return new MatrixCell(column, seed, ExperimentReader.read(base, set));
    }

    private static void refuseOwn(String override) {
        String key = override.split("=", 2)[0].strip();
        if (OWN.contains(key)) {
            throw SaveException.user("'" + override + "': every cell of a matrix has its own " + key
                    + "; set it by modes, seeds, grids, name and output of the matrix file");
        }
    }

    private static Path folder(MatrixSettings settings) {
        return Path.of(settings.output(), settings.name());
    }

    /** Where the run folders of the cells and the report are. */
    public Path folder() {
        return folder(settings);
    }

    /** A USER error when a cell that has begun was begun with other settings. */
    void requireUnchanged() {
        for (MatrixCell cell : cells) {
            if (cell.exists()) {
                ExperimentReader.Resolved before = RunFolder.open(cell.path()).experiment();
                if (!before.experiment().equals(cell.experiment())) {
                    throw SaveException.user("the run in '" + cell.path() + "' was begun with other settings:\n  - "
                            + String.join("\n  - ", before.differences(cell.resolved()))
                            + "\nRuns of different settings do not belong in one report: take the old settings, another name for"
                            + " the matrix, or delete the folder.");
                }
            }
        }
    }
}
