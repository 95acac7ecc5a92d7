package dev.save4j.loop;

import dev.save4j.SaveException;
import dev.save4j.chat.ChatTemplate;
import dev.save4j.data.Passage;
import dev.save4j.data.PlainText;
import dev.save4j.engine.EngineSettings;
import dev.save4j.engine.InferenceEngine;
import dev.save4j.models.ScoringModel;
import dev.save4j.tokenizers.Tokenizer;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Scores answers with a reward model, for use outside the loop. Closes its sessions, neither model nor tokenizer. One thread at a time. */
public final class RewardScorer implements AutoCloseable {
    private final RewardFormat format;
    private final Grader grader;
    private final int maxLength;
    private long cut;

    /**
     * Opens a model.
     *
     * @param template makes prompt and answer turns of the user and the assistant
     * @param maxLength tokens of prompt and answer together, at most what the model has
     * @param batch rows per run, fewer where they have more than 512 tokens
     * @throws SaveException USER for a template with an encoder, a text that would begin twice, and a template that drops what is said
     */
    public RewardScorer(
            ScoringModel model,
            Tokenizer tokenizer,
            Optional<ChatTemplate> template,
            int maxLength,
            InferenceEngine engine,
            EngineSettings settings,
            int batch) {
        this.maxLength = Math.min(maxLength, model.maxLength());
        format = new RewardFormat(tokenizer, model.causal(), this.maxLength, template);
        format.check();
        grader = new Grader(model, engine, settings, batch);
    }

    /**
     * An answer that ended by itself.
     *
     * @param prompt text, or turns that a template renders as such
     */
    public record Item(Passage prompt, String answer) {
        public Item(String prompt, String answer) {
            this(new PlainText(prompt), answer);
        }
    }

    /**
     * What an answer is worth.
     *
     * @param cut whether it was too long for the model and lost its end
     */
    public record Graded(double reward, boolean cut) {}

    /** The reward of each answer, in order. */
    public double[] score(List<Item> items) {
        return grade(items).stream().mapToDouble(Graded::reward).toArray();
    }

    /** As {@link #score}, with what was cut. */
    public List<Graded> grade(List<Item> items) {
        List<RewardInput> inputs = items.stream()
                .map(item -> format.answer(item.prompt(), item.answer(), true))
                .toList();
        cut += inputs.stream().filter(RewardInput::cut).count();
        double[] rewards = grader.rewards(inputs);
        return IntStream.range(0, rewards.length)
                .mapToObj(i -> new Graded(rewards[i], inputs.get(i).cut()))
                .toList();
    }

    /** The tokens of prompt and answer together from which on answers are cut. */
    public int maxLength() {
        return maxLength;
    }

    /** How many answers so far were too long for the model and lost their end. */
    public long cut() {
        return cut;
    }

    /** The share of padding in the tokens that were computed so far, from 0 to 1. */
    public double padding() {
        return grader.padding();
    }

    @Override
    public void close() {
        grader.close();
    }
}
