package dev.save4j.wiring;

import dev.save4j.SaveException;
import dev.save4j.loop.LoopEngines;
import dev.save4j.loop.LoopModels;
import dev.save4j.loop.Preparation;
import dev.save4j.loop.Progress;
import dev.save4j.loop.SaveLoop;
import dev.save4j.loop.TrainingData;
import dev.save4j.loop.TrainingSources;
import dev.save4j.models.ModelFolder;
import dev.save4j.models.PolicyModel;
import dev.save4j.models.RewardModel;
import dev.save4j.report.Report;
import dev.save4j.report.RunSummary;
import dev.save4j.run.Experiment;
import dev.save4j.run.RunFolder;
import dev.save4j.tokenizers.Tokenizer;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;

/** Runs an experiment: prepares the models, then runs its modes. What is already in the run folder is not done again. */
public final class ExperimentRunner {
    private final Registry registry;
    private final Progress progress;

    /** @param progress is told from several threads when modes run in parallel */
    public ExperimentRunner(Registry registry, Progress progress) {
        this.registry = registry;
        this.progress = progress;
    }

    /**
     * Runs or continues an experiment and writes its report; returns what that concludes.
     *
     * @param folder makes or finds the run folder; asked once names, data and models have turned out to be right, so that a mistake leaves nothing
     *     behind
     */
    public RunSummary run(Experiment experiment, Supplier<RunFolder> folder) {
        Begun begun = begin(experiment, folder);
        runModes(experiment, begun.chosen(), begun.data(), begun.folder());
        return Report.write(begun.folder());
    }

    /** Makes the models with which an experiment starts and no more; {@link #run} goes on from there. */
    public void prepare(Experiment experiment, Supplier<RunFolder> folder) {
        begin(experiment, folder);
    }

    /** What the experiment would take of the machine's memory; loads its data, but neither models nor engines. */
    public MemoryEstimate memory(Experiment experiment) {
        return MemoryEstimate.of(experiment, registry.resolve(experiment).engines(), TrainingSources.of(experiment));
    }

    private record Begun(Registry.Chosen chosen, TrainingData data, RunFolder folder) {}

    private Begun begin(Experiment experiment, Supplier<RunFolder> folder) {
        Registry.Chosen chosen = registry.resolve(experiment);
        TrainingData data = TrainingSources.of(experiment);
        MemoryEstimate.of(experiment, chosen.engines(), data).requireFit();
        new RunModels(experiment).check(chosen.engines());
        RunFolder made = folder.get();
        Manifest.write(experiment, chosen, data, made);
        prepare(experiment, chosen, data, made);
        return new Begun(chosen, data, made);
    }

    private void prepare(Experiment experiment, Registry.Chosen chosen, TrainingData data, RunFolder folder) {
        // Preparation has the machine to itself that the modes share later.
        LoopEngines engines = chosen.engines().withThreads(experiment.engines().threads() * experiment.parallel());
        Preparation preparation = new Preparation(experiment, engines, data, progress);
        RunModels models = new RunModels(experiment);
        if (!Files.isDirectory(folder.preparedPolicy())) {
            try (Tokenizer tokenizer = models.policyTokenizer()) {
                PolicyModel policy = models.policy(tokenizer);
                preparation.fineTune(policy, tokenizer, folder.fineTuningMetrics());
                policy.save(folder.preparedPolicy(), tokenizer::writeTo);
            }
        }
        if (!folder.isPrepared()) {
            try (Tokenizer tokenizer = models.rewardTokenizer();
                    Tokenizer policyTokenizer = models.policyTokenizer()) {
                RewardModel reward = models.reward(tokenizer);
                PolicyModel policy = PolicyModel.load(ModelFolder.open(folder.preparedPolicy()));
                preparation.trainReward(
                        new LoopModels(policy, policyTokenizer, reward, tokenizer), folder.rewardTrainingMetrics());
                reward.save(folder.preparedReward(), tokenizer::writeTo);
            }
        }
    }

    private void runModes(Experiment experiment, Registry.Chosen chosen, TrainingData data, RunFolder folder) {
        // Platform threads: native calls would hold the carriers of virtual ones.
        ExecutorService threads = Executors.newFixedThreadPool(experiment.parallel());
        try {
            List<Future<?>> modes = new ArrayList<>();
            for (Experiment.Mode mode : experiment.modes()) {
                if (!Files.isDirectory(folder.reward(mode))) {
                    modes.add(threads.submit(() ->
                            runMode(new ModeModule(experiment, mode, chosen, data, folder, progress), folder, mode)));
                }
            }
            for (Future<?> mode : modes) {
                await(mode);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static void runMode(ModeModule module, RunFolder folder, Experiment.Mode mode) {
        try (ModeInjector injector = new ModeInjector(module)) {
            SaveLoop loop = injector.loop();
            loop.run();
            LoopModels models = injector.models();
            models.policy().save(folder.policy(mode), models.policyTokenizer()::writeTo);
            // Written last: its presence says that the mode is complete.
            models.reward().save(folder.reward(mode), models.rewardTokenizer()::writeTo);
        }
    }

    private static void await(Future<?> mode) {
        try {
            mode.get();
        } catch (ExecutionException failed) {
            throw failed.getCause() instanceof RuntimeException cause
                    ? cause
                    : SaveException.internal("a mode failed: " + failed.getCause(), failed);
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw SaveException.resources("the run was interrupted; continue it with --resume", interrupted);
        }
    }
}
