package dev.save4j.wiring;

import com.google.inject.AbstractModule;
import com.google.inject.Provides;
import com.google.inject.Singleton;
import dev.save4j.algorithms.PolicyAlgorithm;
import dev.save4j.loop.LoopEngines;
import dev.save4j.loop.LoopModels;
import dev.save4j.loop.Progress;
import dev.save4j.loop.SaveLoop;
import dev.save4j.loop.TrainingData;
import dev.save4j.models.ModelFolder;
import dev.save4j.models.PolicyModel;
import dev.save4j.models.RewardModel;
import dev.save4j.run.Experiment;
import dev.save4j.run.RunFolder;
import dev.save4j.tokenizers.Tokenizer;
import dev.save4j.tokenizers.Tokenizers;

/** What one mode of a run is made of. Engines and algorithm are chosen before; the models come from the folder of the run. */
final class ModeModule extends AbstractModule {
    private final Experiment experiment;
    private final Experiment.Mode mode;
    private final Registry.Chosen chosen;
    private final TrainingData data;
    private final RunFolder folder;
    private final Progress progress;

    ModeModule(
            Experiment experiment,
            Experiment.Mode mode,
            Registry.Chosen chosen,
            TrainingData data,
            RunFolder folder,
            Progress progress) {
        this.experiment = experiment;
        this.mode = mode;
        this.chosen = chosen;
        this.data = data;
        this.folder = folder;
        this.progress = progress;
    }

    @Override
    protected void configure() {
        binder().disableCircularProxies();
        binder().requireExplicitBindings();
        binder().requireExactBindingAnnotations();
        binder().requireAtInjectOnConstructors();
        bind(Experiment.class).toInstance(experiment);
        bind(Experiment.Mode.class).toInstance(mode);
        bind(LoopEngines.class).toInstance(chosen.engines());
        bind(PolicyAlgorithm.class).toInstance(chosen.algorithm());
        bind(TrainingData.class).toInstance(data);
        bind(RunFolder.class).toInstance(folder);
        bind(Progress.class).toInstance(progress);
    }

    @Provides
    @Singleton
    @Policy
    Tokenizer policyTokenizer() {
        return Tokenizers.open(folder.preparedPolicy());
    }

    @Provides
    @Singleton
    @Reward
    Tokenizer rewardTokenizer() {
        return Tokenizers.open(folder.preparedReward());
    }

    @Provides
    @Singleton
    @Policy
    PolicyModel policy() {
        return PolicyModel.load(ModelFolder.open(folder.preparedPolicy())).forSequences(experiment.longestSequence());
    }

    @Provides
    @Singleton
    @Reference
    PolicyModel referencePolicy() {
        return PolicyModel.load(ModelFolder.open(folder.preparedPolicy())).forSequences(experiment.longestSequence());
    }

    @Provides
    @Singleton
    @Reward
    RewardModel reward() {
        return RewardModel.load(ModelFolder.open(folder.preparedReward()))
                .forSequences(experiment.reward().maxLength());
    }

    @Provides
    @Singleton
    @Reference
    RewardModel referenceReward() {
        return RewardModel.load(ModelFolder.open(folder.preparedReward()))
                .forSequences(experiment.reward().maxLength());
    }

    @Provides
    @Singleton
    @Policy
    LoopModels trained(
            @Policy PolicyModel policy,
            @Policy Tokenizer policyTokenizer,
            @Reward RewardModel reward,
            @Reward Tokenizer rewardTokenizer) {
        return new LoopModels(policy, policyTokenizer, reward, rewardTokenizer);
    }

    @Provides
    @Singleton
    @Reference
    LoopModels start(
            @Reference PolicyModel policy,
            @Policy Tokenizer policyTokenizer,
            @Reference RewardModel reward,
            @Reward Tokenizer rewardTokenizer) {
        return new LoopModels(policy, policyTokenizer, reward, rewardTokenizer);
    }

    @Provides
    @Singleton
    SaveLoop loop(
            Experiment settings,
            Experiment.Mode label,
            @Policy LoopModels trained,
            @Reference LoopModels start,
            LoopEngines engines,
            PolicyAlgorithm algorithm,
            TrainingData training,
            RunFolder run,
            Progress listener) {
        return new SaveLoop(settings, label, trained, start, engines, algorithm, training, run, listener);
    }
}
