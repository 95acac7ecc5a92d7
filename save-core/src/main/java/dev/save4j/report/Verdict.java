package dev.save4j.report;

import dev.save4j.run.Experiment.Mode;
import dev.save4j.run.RunMetrics;
import dev.save4j.run.Series;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * What the numbers of a run allow to conclude. Two numbers count as different only when they differ by more than 1.96 combined standard errors;
 * a number without an error is never called different.
 *
 * @param headline which mode is ahead, if any
 * @param findings per mode
 * @param limits of these conclusions
 */
public record Verdict(String headline, List<Finding> findings, List<String> limits) {
    public Verdict {
        findings = List.copyOf(findings);
        limits = List.copyOf(limits);
    }

    /** What is to be said about one mode. */
    public record Finding(Mode mode, String text) {
        @Override
        public String toString() {
            return mode.label() + ": " + text;
        }
    }

    static Verdict of(RunMetrics run) {
        return new Judgement(run).verdict();
    }

    /** Gold where there is a judge, otherwise the accuracy on held-out pairs. */
    private static final class Judgement {
        private final RunMetrics run;
        private final boolean gold;
        private final String measure;
        private final Map<Mode, Evaluations> modes = new LinkedHashMap<>();
        private final List<Finding> findings = new ArrayList<>();

        Judgement(RunMetrics run) {
            this.run = run;
            run.modes().forEach(mode -> modes.put(mode.mode(), new Evaluations(mode)));
            gold = modes.values().stream().anyMatch(mode -> !mode.gold().steps().isEmpty());
            measure = gold ? "gold reward" : "held-out accuracy";
        }

        Verdict verdict() {
            if (modes.values().stream().allMatch(mode -> measured(mode).steps().isEmpty())) {
                return new Verdict(
                        modes.isEmpty()
                                ? "No mode has begun yet."
                                : "Nothing was evaluated by which the modes could be compared.",
                        List.of(),
                        List.of());
            }
            modes.forEach((mode, evaluations) -> finding(mode, evaluations).ifPresent(findings::add));
            return new Verdict((run.complete() ? "" : "The run is not complete. ") + headline(), findings, limits());
        }

        private Evaluations.Measured measured(Evaluations mode) {
            return gold ? mode.gold() : mode.heldOut();
        }

        private String headline() {
            Map<Mode, Evaluations.Measured> contenders = new LinkedHashMap<>();
            modes.forEach((mode, evaluations) -> {
                Evaluations.Measured measured = measured(evaluations);
                if (mode != Mode.ORACLE
                        && !measured.steps().isEmpty()
                        && measured.steps().lastKey() > 0) {
                    contenders.put(mode, measured);
                }
            });
            if (contenders.size() < 2) {
                return noContest();
            }
            int step = lastCommon(contenders.values());
            if (step == 0) {
                return "No two modes have been evaluated after training yet.";
            }
            List<Standing> standings = contenders.entrySet().stream()
                    .map(mode -> new Standing(mode.getKey(), at(mode.getValue(), step)))
                    .toList();
            return (run.complete() ? "" : "At step " + step + ": ") + ranking(standings);
        }

        private String noContest() {
            List<Mode> asked = run.experiment().modes();
            List<Mode> contenders =
                    asked.stream().filter(mode -> mode != Mode.ORACLE).toList();
            if (contenders.size() > 1) {
                return "No two modes have been evaluated after training yet.";
            }
            return asked.size() == 1
                    ? "Only " + asked.get(0).label() + " was run, so there is no other mode to compare it with."
                    : "There is no mode to compare " + contenders.get(0).label() + " with but the oracle, a ceiling.";
        }

        private record Standing(Mode mode, Estimate estimate) {}

        /** The mode with the highest value, which modes it is ahead of and from which it cannot be told apart. */
        private String ranking(List<Standing> standings) {
            Standing first = standings.stream()
                    .max(Comparator.comparingDouble(one -> one.estimate().value()))
                    .orElseThrow();
            Mode best = first.mode();
            List<String> behind = new ArrayList<>();
            List<String> near = new ArrayList<>();
            for (Standing other : standings) {
                if (other.mode() != best) {
                    boolean separable = first.estimate().minus(other.estimate()).separable();
                    (separable ? behind : near).add(other.mode().label());
                }
            }
            String name = best.label();
            if (near.isEmpty()) {
                return best == Mode.STATIC
                        ? "static wins: the " + measure + " of " + list(behind, "and") + " is lower."
                        : name + " is ahead: its " + measure + " is higher than that of " + list(behind, "and") + ".";
            }
            if (behind.isEmpty()) {
                return "No mode is ahead: " + name + " has the highest " + measure + ", but cannot be told apart from "
                        + list(near, "or") + ".";
            }
            return name + " has the highest " + measure + " and is ahead of " + list(behind, "and")
                    + ", but cannot be told apart from " + list(near, "or") + ".";
        }

        private Optional<Finding> finding(Mode mode, Evaluations evaluations) {
            Optional<Evaluations> frozen =
                    Optional.ofNullable(modes.get(Mode.STATIC)).filter(one -> mode != Mode.STATIC);
            List<String> sentences = new ArrayList<>();
            change(measured(evaluations), evaluations.mode().series("eval/reward"))
                    .ifPresent(sentences::add);
            frozen.flatMap(other -> against(measured(evaluations), measured(other)))
                    .ifPresent(difference -> sentences.add("Against static: " + difference + "."));
            if (mode != Mode.STATIC && gold) {
                rewardModel(evaluations, frozen).ifPresent(sentences::add);
            }
            return sentences.isEmpty() ? Optional.empty() : Optional.of(new Finding(mode, String.join(" ", sentences)));
        }

        private Optional<String> change(Evaluations.Measured measured, Series proxy) {
            if (measured.steps().size() < 2) {
                return Optional.empty();
            }
            int from = measured.steps().firstKey();
            int to = measured.steps().lastKey();
            Estimate change = at(measured, to).minus(at(measured, from));
            double rise = proxy.at(to).orElse(Double.NaN) - proxy.at(from).orElse(Double.NaN);
            boolean exploits = gold && change.separable() && change.value() < 0 && rise > 0;
            return Optional.of(text(
                    "%s %.3f to %.3f by step %d: %s%s.",
                    measure,
                    at(measured, from).value(),
                    at(measured, to).value(),
                    to,
                    judged(change, "a rise", "a fall"),
                    exploits
                            ? text(", while the proxy reward rose by %.3f: the policy exploits the reward model", rise)
                            : ""));
        }

        /** The difference at the last step that both have evaluated. */
        private static Optional<String> against(Evaluations.Measured here, Evaluations.Measured other) {
            int step = lastCommon(List.of(here, other));
            return step == 0
                    ? Optional.empty()
                    : Optional.of(judged(at(here, step).minus(at(other, step)), "higher", "lower")
                            + (step == here.steps().lastKey() ? "" : " (at step " + step + ")"));
        }

        private Optional<String> rewardModel(Evaluations evaluations, Optional<Evaluations> frozen) {
            Evaluations.Measured gains = evaluations.gain();
            if (gains.steps().isEmpty() || gains.steps().lastKey() == 0) {
                return Optional.empty();
            }
            Estimate gain = at(gains, gains.steps().lastKey());
            double now = at(evaluations.accuracy(), gains.steps().lastKey()).value();
            return Optional.of(text(
                    "Accuracy of its reward model on its policy's answers %.3f, of the initial one %.3f: %s%s.",
                    now,
                    now - gain.value(),
                    judged(gain, "better", "worse"),
                    frozen.flatMap(other -> against(evaluations.accuracy(), other.accuracy()))
                            .map(difference -> "; against static on its own policy's answers: " + difference)
                            .orElse("")));
        }

        private static String judged(Estimate difference, String up, String down) {
            return difference.signed() + ", "
                    + (difference.error().isEmpty()
                            ? "not judged for want of a standard error"
                            : !difference.separable() ? "within the noise" : difference.value() > 0 ? up : down);
        }

        private static String text(String format, Object... values) {
            return String.format(Locale.ROOT, format, values);
        }

        private List<String> limits() {
            List<String> limits = new ArrayList<>();
            limits.add("± is one standard error over " + (gold ? "evaluation prompts" : "held-out pairs")
                    + "; numbers count as different when they differ by more than 1.96 combined standard errors, modes being"
                    + " treated as independent although they share their " + (gold ? "prompts." : "pairs."));
            limits.add(
                    "The run has one seed: this is the noise of evaluation alone, not that of training, and another seed may"
                            + " order the modes otherwise.");
            if (modes.size() > 2) {
                limits.add("The comparisons are not corrected for their number.");
            }
            if (modes.containsKey(Mode.ORACLE)) {
                limits.add(
                        "oracle labels by the gold reward itself; it is a ceiling and takes no part in the ranking.");
            }
            if (!gold) {
                limits.add(
                        "There is no gold reward here: held-out accuracy judges the reward model on given pairs, not the"
                                + " answers of the policy.");
            }
            return limits;
        }

        private static int lastCommon(Collection<Evaluations.Measured> all) {
            TreeSet<Integer> common = new TreeSet<>(List.of(0));
            all.stream().findFirst().ifPresent(first -> common.addAll(first.at()));
            all.forEach(one -> common.retainAll(one.at()));
            return common.isEmpty() ? 0 : common.last();
        }

        private static Estimate at(Evaluations.Measured measured, int step) {
            return Optional.ofNullable(measured.steps().get(step)).orElseThrow();
        }

        private static String list(List<String> names, String last) {
            return names.size() == 1
                    ? names.get(0)
                    : String.join(", ", names.subList(0, names.size() - 1)) + " " + last + " "
                            + names.get(names.size() - 1);
        }
    }
}
