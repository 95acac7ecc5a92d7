package dev.save4j.wiring;

import dev.save4j.SaveException;
import dev.save4j.loop.LoopModels;
import dev.save4j.loop.Preparation;
import dev.save4j.loop.Progress;
import dev.save4j.loop.SaveLoop;
import dev.save4j.loop.TrainingData;
import dev.save4j.loop.TrainingSources;
import dev.save4j.models.PolicyModel;
import dev.save4j.models.RewardModel;
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

/** Runs an experiment: prepares the models, then runs its modes. What is already in the run folder is not done again. */
public final class ExperimentRunner {
    private final Registry registry;
    private final Progress progress;

    /** @param progress is told from several threads when modes run in parallel */
    public ExperimentRunner(Registry registry, Progress progress) {
        this.registry = registry;
        this.progress = progress;
    }

    /** Runs or continues the experiment of a run folder. */
    public void run(RunFolder folder) {
        Experiment experiment = folder.experiment().experiment();
        Registry.Chosen chosen = registry.resolve(experiment);
        TrainingData data = TrainingSources.of(experiment);
        Manifest.write(experiment, chosen, data, folder);
        prepare(experiment, chosen, data, folder);
        runModes(experiment, chosen, data, folder);
    }

    private void prepare(Experiment experiment, Registry.Chosen chosen, TrainingData data, RunFolder folder) {
        Preparation preparation = new Preparation(experiment, chosen.engines(), data, progress);
        if (!Files.isDirectory(folder.preparedPolicy())) {
            try (Tokenizer tokenizer = RunModels.policyTokenizer(experiment)) {
                PolicyModel policy = RunModels.policy(experiment, tokenizer);
                preparation.fineTune(policy, tokenizer, folder.fineTuningMetrics());
                RunModels.save(policy, tokenizer, folder.preparedPolicy());
            }
        }
        if (!Files.isDirectory(folder.preparedReward())) {
            try (Tokenizer tokenizer = RunModels.rewardTokenizer(experiment);
                    Tokenizer policyTokenizer = RunModels.policyTokenizer(experiment)) {
                RewardModel reward = RunModels.reward(experiment, tokenizer);
                PolicyModel policy = RunModels.openPolicy(folder.preparedPolicy());
                preparation.trainReward(
                        new LoopModels(policy, policyTokenizer, reward, tokenizer), folder.rewardTrainingMetrics());
                RunModels.save(reward, tokenizer, folder.preparedReward());
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
            RunModels.save(models.policy(), models.policyTokenizer(), folder.policy(mode));
            // Written last: its presence says that the mode is complete.
            RunModels.save(models.reward(), models.rewardTokenizer(), folder.reward(mode));
        }
    }

    private static void await(Future<?> mode) {
        try {
            mode.get();
        } catch (ExecutionException failed) {
            if (failed.getCause() instanceof RuntimeException cause) {
                throw cause;
            }
            throw SaveException.internal("a mode failed: " + failed.getCause(), failed.getCause());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw SaveException.resources("the run was interrupted; continue it with --resume", interrupted);
        }
    }
}
