package dev.save4j.bench.speed;

import dev.save4j.SaveException;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.Engines;
import dev.save4j.engine.RolloutEngine;
import dev.save4j.engine.WeightPrecision;
import java.util.Arrays;
import java.util.Locale;

/** A rollout engine and the precision of its weights, written {@code onnxruntime} or {@code onnxruntime:int8}. */
record RolloutVariant(RolloutEngine engine, WeightPrecision precision) {
    /** A USER error says which engines and precisions there are. */
    static RolloutVariant parse(String text) {
        String[] parts = text.split(":", 2);
        RolloutEngine engine = Engines.rollout().named(parts[0]);
        WeightPrecision precision = parts.length == 1
                ? WeightPrecision.FLOAT32
                : Arrays.stream(WeightPrecision.values())
                        .filter(one -> label(one).equals(parts[1]))
                        .findFirst()
                        .orElseThrow(() -> SaveException.user("'" + text + "': there are no weights in '" + parts[1]
                                + "'; write ENGINE, or ENGINE:int8"));
        engine.require(precision);
        return new RolloutVariant(engine, precision);
    }

    private static String label(WeightPrecision precision) {
        return precision.name().toLowerCase(Locale.ROOT);
    }

    EngineSettings settings(Assignment task) {
        return task.settings().with(precision);
    }

    /** With the version. */
    String title() {
        String versioned = engine.name() + " " + engine.capabilities().version();
        return precision == WeightPrecision.FLOAT32 ? versioned : versioned + " " + label(precision);
    }
}
