package dev.save4j.data;

import dev.save4j.SaveException;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * How a data set is read. Start from {@link #defaults()} and change what differs.
 *
 * @param ties what happens to pairs with identical answers
 * @param duplicates what happens to rows that came before
 * @param badRows how many bad rows are tolerated
 * @param margin where margins come from
 * @param columns names of columns in the file mapped to the names the shapes know, for example {@code response_a -> chosen}
 */
public record DataOptions(
        RowPolicy ties, RowPolicy duplicates, BadRowLimit badRows, MarginSource margin, Map<String, String> columns) {
    public DataOptions {
        columns = Map.copyOf(columns);
        Map<String, Long> targets = columns.values().stream()
                .collect(Collectors.groupingBy(name -> name, TreeMap::new, Collectors.counting()));
        targets.forEach((name, count) -> {
            if (count > 1) {
                throw SaveException.user("Two columns are both renamed to " + name + "; each name may be given once");
            }
        });
    }

    /** Ties and duplicates kept and counted, bad rows limited to 1 % or 10, margins from the column of that name. */
    public static DataOptions defaults() {
        return new DataOptions(RowPolicy.KEEP, RowPolicy.KEEP, BadRowLimit.DEFAULT, MarginSource.COLUMN, Map.of());
    }

    public DataOptions withTies(RowPolicy policy) {
        return new DataOptions(policy, duplicates, badRows, margin, columns);
    }

    public DataOptions withDuplicates(RowPolicy policy) {
        return new DataOptions(ties, policy, badRows, margin, columns);
    }

    public DataOptions withBadRows(BadRowLimit limit) {
        return new DataOptions(ties, duplicates, limit, margin, columns);
    }

    public DataOptions withMargin(MarginSource source) {
        return new DataOptions(ties, duplicates, badRows, source, columns);
    }

    public DataOptions withColumns(Map<String, String> renamed) {
        return new DataOptions(ties, duplicates, badRows, margin, renamed);
    }
}
