package dev.save4j.bench.speed;

import dev.save4j.engine.EngineSettings;
import dev.save4j.models.Backbones;
import dev.save4j.models.Head;
import dev.save4j.models.Llama;
import dev.save4j.models.PolicyModel;
import dev.save4j.models.Pooling;
import dev.save4j.models.RewardModel;
import dev.save4j.tensor.WeightStore;
import java.nio.file.Path;
import java.util.Set;

/**
 * What a program measures, as its command line says.
 *
 * @param seconds of one measurement, at least
 */
record Assignment(int threads, double seconds, String engine, ModelSize size, String shape) {
    static Assignment parse(String[] arguments) {
        return new Assignment(
                threads(arguments), seconds(arguments), arguments[2], ModelSize.named(arguments[3]), arguments[4]);
    }

    static int threads(String[] arguments) {
        return Integer.parseInt(arguments[0]);
    }

    static double seconds(String[] arguments) {
        return Double.parseDouble(arguments[1]);
    }

    static EngineSettings settings(int threads) {
        return new EngineSettings(threads, Path.of(System.getProperty("java.io.tmpdir")));
    }

    EngineSettings settings() {
        return settings(threads);
    }

    Llama llama() {
        return new Llama(size.config());
    }

    /** With weights that depend on the size alone. */
    PolicyModel policy() {
        Llama llama = llama();
        return new PolicyModel(llama, Backbones.initialize(llama, 1));
    }

    /** The same backbone with new heads, for sequences of up to so many tokens. */
    RewardModel reward(int longest) {
        Llama llama = llama();
        WeightStore trunk = Backbones.initialize(llama, 1);
        return new RewardModel(
                        llama, Pooling.LAST_TOKEN, Head.create(Set.of(Head.values()), trunk, llama.hiddenSize(), 1, 0))
                .forSequences(longest);
    }
}
