package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import dev.save4j.data.Conversation;
import dev.save4j.data.Message;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A question of a benchmark: a prompt with answers, and which of them should score above which.
 *
 * @param id unique within its benchmark
 * @param group items that belong together and are resampled together, mostly because they are about one prompt
 * @param subset the part of the benchmark it counts for
 * @param pairs what should score above what
 */
public record Item(
        String id, String group, String subset, Conversation prompt, List<Candidate> answers, List<Pair> pairs) {
    public Item {
        answers = List.copyOf(answers);
        pairs = List.copyOf(pairs);
        for (Pair pair : pairs) {
            if (Math.min(pair.better(), pair.worse()) < 0
                    || Math.max(pair.better(), pair.worse()) >= answers.size()
                    || pair.better() == pair.worse()) {
                throw SaveException.user("item " + id + " compares the answers " + pair.better() + " and "
                        + pair.worse() + " but has " + answers.size() + " answers");
            }
        }
    }

    /** An answer, and whether it is a right one. */
    public record Candidate(String text, boolean right) {}

    /** Places in the list of answers. */
    public record Pair(int better, int worse) {}

    /** Every right answer before every wrong one. */
    static Item of(
            String id, String group, String subset, Conversation prompt, List<String> right, List<String> wrong) {
        List<Candidate> answers = new ArrayList<>();
        right.forEach(text -> answers.add(new Candidate(text, true)));
        wrong.forEach(text -> answers.add(new Candidate(text, false)));
        List<Pair> pairs = new ArrayList<>();
        for (int better = 0; better < right.size(); better++) {
            for (int worse = right.size(); worse < answers.size(); worse++) {
                pairs.add(new Pair(better, worse));
            }
        }
        return new Item(id, group, subset, prompt, answers, pairs);
    }

    /** The right answer first; belongs together with the other pairs about its prompt. */
    static Item pair(String id, String subset, Conversation prompt, String chosen, String rejected) {
        return of(id, promptKey(prompt), subset, prompt, List.of(chosen), List.of(rejected));
    }

    /** Equal for equal prompts alone: a hash of roles and texts. */
    static String promptKey(Conversation prompt) {
        MessageDigest digest = ScoreRequest.sha256();
        for (Message message : prompt.messages()) {
            ScoreRequest.add(digest, message.role());
            ScoreRequest.add(digest, message.content());
        }
        return HexFormat.of().formatHex(digest.digest());
    }

    /** Equal for items that ask the same alone: a hash of prompt, answers, which of them are right, and what is compared. */
    String contentKey() {
        MessageDigest digest = ScoreRequest.sha256();
        ScoreRequest.add(digest, promptKey(prompt));
        for (Candidate answer : answers) {
            ScoreRequest.add(digest, answer.text());
            ScoreRequest.add(digest, answer.right() ? "right" : "wrong");
        }
        pairs.forEach(pair -> ScoreRequest.add(digest, pair.better() + ">" + pair.worse()));
        return HexFormat.of().formatHex(digest.digest());
    }

    static Conversation asked(String prompt) {
        return new Conversation(List.of(Message.user(prompt)));
    }

    /** How many of the answers are right. */
    int rightAnswers() {
        return (int) answers.stream().filter(Candidate::right).count();
    }
}
