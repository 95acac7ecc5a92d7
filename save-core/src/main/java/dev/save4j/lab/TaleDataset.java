package dev.save4j.lab;

import dev.save4j.SaveException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * Everything an experiment in the lab needs, generated from a seed. The same seed gives the same tales on every machine and Java version.
 * Each item of each set has a random stream of its own, so a larger set begins with the smaller one and the size of one set changes no other.
 *
 * <p>The prompts are divided once and for all: one in sixteen, the same whatever the seed and sizes, belongs to evaluation, and is used for
 * evaluation prompts and held-out pairs only.
 *
 * @param supervised tales of mixed quality to train the first policy on
 * @param preferences pairs of such tales, labelled with noise, to train the proxy reward model on
 * @param heldOut pairs labelled by gold, on evaluation prompts
 * @param trainingPrompts prompts to roll out from, all different
 * @param evaluationPrompts prompts to evaluate on, all different
 */
public record TaleDataset(
        List<Tale> supervised,
        List<TalePair> preferences,
        List<TalePair> heldOut,
        List<TalePrompt> trainingPrompts,
        List<TalePrompt> evaluationPrompts) {
    /** Pairs closer in gold reward than this are drawn again, for their label would say nothing. */
    public static final double SMALLEST_GAP = .03;

    private static final int EVALUATION_SHARE = 16;
    private static final long SPLIT_SALT = 0x7a1e5L;

    public TaleDataset {
        supervised = List.copyOf(supervised);
        preferences = List.copyOf(preferences);
        heldOut = List.copyOf(heldOut);
        trainingPrompts = List.copyOf(trainingPrompts);
        evaluationPrompts = List.copyOf(evaluationPrompts);
    }

    /** Generates with default flaws and gold-order labels of which 15 % are turned round. */
    public static TaleDataset generate(long seed, TaleSizes sizes) {
        return generate(seed, sizes, FlawRates.defaults(), new Labels.GoldOrder(.15));
    }

    /**
     * Generates a data set.
     *
     * @param rates the flaws of all tales
     * @param labels the labels of the preference pairs; held-out pairs always have the gold order
     */
    public static TaleDataset generate(long seed, TaleSizes sizes, FlawRates rates, Labels labels) {
        return new TaleDataset(
                each(sizes.supervised(), index -> {
                    RandomStream random = RandomStream.of(seed, "supervised", index);
                    return TaleGrammar.sample(prompt(false, random), rates, random);
                }),
                each(
                        sizes.preferences(),
                        index -> pair(false, rates, labels, RandomStream.of(seed, "preferences", index))),
                each(
                        sizes.heldOut(),
                        index -> pair(true, rates, new Labels.GoldOrder(0), RandomStream.of(seed, "held-out", index))),
                prompts(false, sizes.trainingPrompts(), RandomStream.of(seed, "training-prompts", 0)),
                prompts(true, sizes.evaluationPrompts(), RandomStream.of(seed, "evaluation-prompts", 0)));
    }

    private static <T> List<T> each(int size, IntFunction<T> item) {
        return IntStream.range(0, size).mapToObj(item).toList();
    }

    /** Whether a prompt, by its number, is for evaluation only. */
    static boolean isForEvaluation(int number) {
        return Long.remainderUnsigned(RandomStream.mix(number + SPLIT_SALT), EVALUATION_SHARE) == 0;
    }

    private static TalePrompt prompt(boolean evaluation, RandomStream random) {
        return TalePrompt.number(promptNumber(evaluation, random));
    }

    private static int promptNumber(boolean evaluation, RandomStream random) {
        int number = random.nextInt(TalePrompt.COUNT);
        while (isForEvaluation(number) != evaluation) {
            number = random.nextInt(TalePrompt.COUNT);
        }
        return number;
    }

    private static List<TalePrompt> prompts(boolean evaluation, int size, RandomStream random) {
        long available = IntStream.range(0, TalePrompt.COUNT)
                .filter(number -> isForEvaluation(number) == evaluation)
                .count();
        if (size > available) {
            throw SaveException.user("There are " + available + " different " + (evaluation ? "evaluation" : "training")
                    + " prompts, but " + size + " were asked for");
        }
        Set<Integer> drawn = new HashSet<>();
        List<TalePrompt> prompts = new ArrayList<>();
        while (prompts.size() < size) {
            int number = promptNumber(evaluation, random);
            if (drawn.add(number)) {
                prompts.add(TalePrompt.number(number));
            }
        }
        return prompts;
    }

    private static TalePair pair(boolean evaluation, FlawRates rates, Labels labels, RandomStream random) {
        while (true) {
            TalePrompt prompt = prompt(evaluation, random);
            Tale first = TaleGrammar.sample(prompt, rates, random);
            Tale second = TaleGrammar.sample(prompt, rates, random);
            double firstGold = GoldReward.score(first);
            double secondGold = GoldReward.score(second);
            if (Math.abs(firstGold - secondGold) >= SMALLEST_GAP) {
                return labels.prefersFirst(firstGold, secondGold, random)
                        ? new TalePair(prompt, first, second)
                        : new TalePair(prompt, second, first);
            }
        }
    }
}
