package dev.save4j.bench.save;

import dev.save4j.SaveException;
import dev.save4j.loop.Preparation;
import dev.save4j.loop.Progress;
import dev.save4j.run.RunFolder;
import dev.save4j.wiring.ExperimentRunner;
import dev.save4j.wiring.Registry;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs the cells of a matrix that are not complete, several at a time; those that have begun go on from their last checkpoints. Cells that start from
 * the same models prepare them once. The results do not depend on how many run at a time.
 */
public final class MatrixRunner {
    private final Registry registry;
    private final Progress progress;
    private final AtomicInteger complete = new AtomicInteger();

    /** @param progress is told from several threads */
    public MatrixRunner(Registry registry, Progress progress) {
        this.registry = registry;
        this.progress = progress;
    }

    /**
     * Runs until all cells are complete or one has failed.
     *
     * @param jobs cells that run at the same time
     */
    public void run(Matrix matrix, int jobs) {
        if (jobs < 1) {
            throw SaveException.user("at least one cell must run at a time, not " + jobs);
        }
        matrix.cells().forEach(cell -> registry.resolve(cell.experiment()));
        matrix.requireUnchanged();
        Map<List<Object>, List<MatrixCell>> starts = new LinkedHashMap<>();
        for (MatrixCell cell : matrix.cells()) {
            if (cell.complete()) {
                complete.incrementAndGet();
            } else {
                starts.computeIfAbsent(Preparation.basis(cell.experiment()), basis -> new ArrayList<>())
                        .add(cell);
            }
        }
        int total = matrix.cells().size();
        // Platform threads: native calls would hold the carriers of virtual ones.
        ExecutorService threads = Executors.newFixedThreadPool(jobs);
        try {
            CompletableFuture<Void> failure = new CompletableFuture<>();
            List<CompletableFuture<?>> all = new ArrayList<>();
            for (List<MatrixCell> sharing : starts.values()) {
                CompletableFuture<RunFolder> start =
                        CompletableFuture.supplyAsync(() -> prepared(sharing, matrix), threads);
                for (MatrixCell cell : sharing) {
                    all.add(start.thenAcceptAsync(folder -> run(cell, folder, total), threads)
                            .whenComplete((done, failed) -> {
                                if (failed != null) {
                                    failure.completeExceptionally(failed);
                                }
                            }));
                }
            }
            CompletableFuture.anyOf(CompletableFuture.allOf(all.toArray(CompletableFuture<?>[]::new)), failure)
                    .join();
        } catch (CompletionException failed) {
            throw failed.getCause() instanceof RuntimeException cause
                    ? cause
                    : SaveException.internal("a cell failed: " + failed.getCause(), failed);
        } finally {
            threads.shutdownNow();
        }
    }

    /** A run folder with the models from which the cells start: of any cell of the matrix that has them, else of the first. */
    private RunFolder prepared(List<MatrixCell> sharing, Matrix matrix) {
        MatrixCell first = sharing.get(0);
        List<Object> basis = Preparation.basis(first.experiment());
        for (MatrixCell cell : matrix.cells()) {
            if (cell.exists()
                    && Preparation.basis(cell.experiment()).equals(basis)
                    && RunFolder.open(cell.path()).isPrepared()) {
                return RunFolder.open(cell.path());
            }
        }
        attempt(first, () -> runner(first).prepare(first.experiment(), first::folder));
        return RunFolder.open(first.path());
    }

    private void run(MatrixCell cell, RunFolder start, int total) {
        attempt(
                cell,
                () -> runner(cell).run(cell.experiment(), () -> {
                    RunFolder folder = cell.folder();
                    folder.adoptPreparation(start);
                    return folder;
                }));
        progress.advance("cells", complete.incrementAndGet(), total, cell.name() + " is complete");
    }

    private static void attempt(MatrixCell cell, Runnable work) {
        try {
            work.run();
        } catch (SaveException failed) {
            throw failed.in(cell.name());
        }
    }

    private ExperimentRunner runner(MatrixCell cell) {
        return new ExperimentRunner(
                registry, (task, done, total, note) -> progress.advance(cell.name() + " " + task, done, total, note));
    }
}
