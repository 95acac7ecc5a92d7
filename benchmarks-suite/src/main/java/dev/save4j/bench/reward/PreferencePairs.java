package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import dev.save4j.data.Conversation;
import dev.save4j.data.DataReport;
import dev.save4j.data.DataSet;
import dev.save4j.data.Passage;
import dev.save4j.data.Preference;
import dev.save4j.data.Preferences;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A preference file of a user, of any shape that {@link Preferences} knows. A pair is right when the chosen answer scores strictly higher. */
public final class PreferencePairs implements Benchmark {
    private final Path file;
    private final String name;

    /** Called by the name of the file, without its ending. */
    public PreferencePairs(Path file) {
        this(file.toAbsolutePath().getFileName().toString().replaceFirst("\\.(jsonl|json|parquet)(\\.gz)?$", ""), file);
    }

    /** @throws SaveException USER for a name that could not be that of a file */
    public PreferencePairs(String name, Path file) {
        if (name.isBlank() || name.matches(".*[/\\\\].*")) {
            throw SaveException.user("the preference file " + file + " is called '" + name
                    + "', expected a name without slashes, which its plots can have too");
        }
        this.name = name;
        this.file = file.toAbsolutePath().normalize();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public String title() {
        return name;
    }

    @Override
    public String rule() {
        return "share of pairs whose chosen answer scores higher; a tie is wrong";
    }

    @Override
    public boolean isIn(Path data) {
        return Files.exists(file);
    }

    @Override
    public Optional<Path> file() {
        return Optional.of(file);
    }

    @Override
    public Questions read(Path data) {
        DataSet<Preference> set = Preferences.readAll(file);
        List<Item> items = new ArrayList<>();
        for (Preference pair : set.rows()) {
            items.add(Item.pair(
                    String.valueOf(items.size() + 1),
                    "all",
                    conversation(pair.prompt()),
                    pair.chosenText(),
                    pair.rejectedText()));
        }
        DataReport report = set.report();
        List<String> notes = new ArrayList<>(List.of(report.toString()));
        return new Questions(items, notes);
    }

    private static Conversation conversation(Passage prompt) {
        return prompt instanceof Conversation turns ? turns : Item.asked(prompt.text());
    }

    @Override
    public double credit(Scored item) {
        return item.pairAccuracy();
    }

    @Override
    public List<Metric> metrics(List<Scored> items) {
        return List.of(Metric.of("overall", Averages.mean(items, this::credit), items));
    }
}
