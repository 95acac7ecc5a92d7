package dev.save4j.cli;

import dev.save4j.SaveException;
import dev.save4j.bench.reward.Baseline;
import dev.save4j.bench.reward.ModelScorer;
import dev.save4j.bench.reward.RemoteScorer;
import dev.save4j.bench.reward.RemoteServer;
import dev.save4j.bench.reward.Scorer;
import dev.save4j.bench.reward.ScoresFile;
import dev.save4j.chat.ChatChoice;
import dev.save4j.engine.EngineSettings;
import dev.save4j.models.ModelCache;
import dev.save4j.wiring.Registry;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a user wants measured, {@code [NAME=]MODEL}.
 *
 * @param name in the results
 * @param what a baseline, scores:FILE, the address of a server, or a model folder with the options {@code ?label=} and {@code chat=}
 */
record ScorerArgument(String name, String what) {
    private static final String SCORES = "scores:";
    private static final String LABEL = "label";
    private static final String CHAT = "chat";

    /** How models are run. */
    record Machine(ChatChoice chat, String engine, EngineSettings settings, int maxLength, int batch, long seed) {}

    static ScorerArgument parse(String text) {
        int equals = text.indexOf('=');
        // An equals sign of an option belongs to the model.
        boolean named = equals > 0 && !text.substring(0, equals).contains("?");
        String what = named ? text.substring(equals + 1) : text;
        return new ScorerArgument(
                named
                        ? text.substring(0, equals)
                        : what.replaceFirst("\\?.*$", "").replaceFirst("/+$", ""),
                what);
    }

    Scorer open(Machine machine) {
        switch (what) {
            case "length":
                return Baseline.length().named(name);
            case "random":
                return Baseline.random(machine.seed()).named(name);
            case "constant":
                return Baseline.constant().named(name);
            default:
                break;
        }
        if (what.startsWith(SCORES)) {
            return new ScoresFile(name, Path.of(what.substring(SCORES.length())));
        }
        if (RemoteServer.isMeant(what)) {
            return new RemoteScorer(name, RemoteServer.parse(what, machine.chat(), machine.batch()));
        }
        int question = what.indexOf('?');
        Map<String, String> options = options(question < 0 ? "" : what.substring(question + 1));
        return new ModelScorer(
                name,
                ModelCache.ofUser().locate(question < 0 ? what : what.substring(0, question)),
                Optional.ofNullable(options.get(LABEL)),
                Optional.ofNullable(options.get(CHAT)).map(ChatChoice::parse).orElse(machine.chat()),
                Registry.discover().inference().named(machine.engine()),
                machine.engine(),
                machine.settings(),
                machine.maxLength(),
                machine.batch());
    }

    private Map<String, String> options(String text) {
        Map<String, String> options = new HashMap<>();
        for (String option : text.isEmpty() ? new String[0] : text.split("&")) {
            String[] parts = option.split("=", 2);
            if (parts.length < 2 || !List.of(LABEL, CHAT).contains(parts[0])) {
                throw SaveException.user(
                        "'" + what + "': a model takes the options ?label=NAME and ?chat=none, model or"
                                + " FILE alone, with & between them");
            }
            options.put(parts[0], parts[1]);
        }
        return options;
    }
}
