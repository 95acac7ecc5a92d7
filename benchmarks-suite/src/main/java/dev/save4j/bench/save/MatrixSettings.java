package dev.save4j.bench.save;

import dev.save4j.SaveException;
import dev.save4j.run.Experiment;
import java.util.HashSet;
import java.util.List;
import java.util.stream.Stream;

/**
 * What a matrix file says.
 *
 * @param name of the matrix; its folder is {@code output/name}
 * @param output relative to the caller's directory
 * @param base the experiment that every cell varies, relative to the matrix file
 * @param set overrides of every cell, of the form {@code key=value}
 * @param modes that every cell runs from the same start
 * @param seeds of each combination, every one a cell
 * @param grids of which every combination is a cell for each seed
 * @param adjustments overrides of some cells
 */
public record MatrixSettings(
        String name,
        String output,
        String base,
        List<String> set,
        List<Experiment.Mode> modes,
        List<Long> seeds,
        List<Grid> grids,
        List<Adjustment> adjustments) {
    public MatrixSettings {
        set = List.copyOf(set);
        modes = List.copyOf(modes);
        seeds = List.copyOf(seeds);
        grids = List.copyOf(grids);
        adjustments = List.copyOf(adjustments);
        require(
                name.matches("[\\w.-]+"),
                "name must consist of letters, digits, '.', '_' and '-', but is '" + name + "'");
        require(distinct(seeds), "seeds must name at least one seed, each once, but is " + seeds);
        require(
                distinct(modes),
                "modes must name at least one mode, each once, but is "
                        + modes.stream().map(Experiment.Mode::label).toList());
        require(!grids.isEmpty(), "grids must have at least one entry");
        List<String> names = grids.stream().flatMap(Grid::names).toList();
        for (Adjustment adjustment : adjustments) {
            require(
                    names.contains(adjustment.of()),
                    "adjustments are of an algorithm, backbone or engine of the grids, but '" + adjustment.of()
                            + "' is none");
        }
    }

    /** Combinations: every algorithm with every policy backbone and every gradient engine. */
    public record Grid(List<String> algorithms, List<String> backbones, List<String> engines) {
        public Grid {
            algorithms = List.copyOf(algorithms);
            backbones = List.copyOf(backbones);
            engines = List.copyOf(engines);
            require(
                    distinct(algorithms) && distinct(backbones) && distinct(engines),
                    "algorithms, backbones and engines must each name at least one, each once");
        }

        private Stream<String> names() {
            return Stream.of(algorithms, backbones, engines).flatMap(List::stream);
        }
    }

    /** Overrides of the cells that have an algorithm, backbone or engine. */
    public record Adjustment(String of, List<String> set) {
        public Adjustment {
            set = List.copyOf(set);
        }
    }

    private static boolean distinct(List<?> values) {
        return !values.isEmpty() && new HashSet<>(values).size() == values.size();
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw SaveException.user(otherwise);
        }
    }
}
