package dev.save4j.bench.reward;

import dev.save4j.SaveException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.Map;

/**
 * Scores that were made before, in a DuckDB file, by what the scorer is and what it was asked. What {@link #add} has returned from survives a crash. One
 * process and one thread at a time.
 */
public final class ScoreCache implements AutoCloseable {
    private final Path file;
    private final Connection connection;

    /** Opens or makes the file; a USER error when it is no such file or another process has it open. */
    public ScoreCache(Path file) {
        this.file = file;
        try {
            connection = DriverManager.getConnection("jdbc:duckdb:" + file.toAbsolutePath());
        } catch (SQLException failed) {
            throw SaveException.user(
                    "cannot open the scores " + file + ": " + failed.getMessage()
                            + ". If another run uses the folder, wait for it; if the file is damaged, delete it",
                    failed);
        }
        try (Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE IF NOT EXISTS scores (scorer VARCHAR, request VARCHAR, value DOUBLE,"
                    + " cut BOOLEAN, PRIMARY KEY (scorer, request))");
        } catch (SQLException failed) {
            SaveException failure = failed("read", failed);
            try {
                connection.close();
            } catch (SQLException closing) {
                failure.addSuppressed(closing);
            }
            throw failure;
        }
    }

    /** All scores of a scorer by the keys of the requests. */
    public Map<String, Score> of(String scorer) {
        Map<String, Score> scores = new HashMap<>();
        try (PreparedStatement query =
                connection.prepareStatement("SELECT request, value, cut FROM scores WHERE scorer = ?")) {
            query.setString(1, scorer);
            try (ResultSet rows = query.executeQuery()) {
                while (rows.next()) {
                    scores.put(rows.getString(1), new Score(rows.getDouble(2), rows.getBoolean(3), ""));
                }
            }
            return scores;
        } catch (SQLException failed) {
            throw failed("read", failed);
        }
    }

    /** Keeps scores, all or none. Those with a problem are not kept, so that they are tried again. */
    public void add(String scorer, Map<String, Score> scores) {
        try {
            connection.setAutoCommit(false);
            try (PreparedStatement insert =
                    connection.prepareStatement("INSERT OR REPLACE INTO scores VALUES (?, ?, ?, ?)")) {
                for (Map.Entry<String, Score> score : scores.entrySet()) {
                    if (score.getValue().problem().isEmpty()) {
                        insert.setString(1, scorer);
                        insert.setString(2, score.getKey());
                        insert.setDouble(3, score.getValue().value());
                        insert.setBoolean(4, score.getValue().cut());
                        insert.addBatch();
                    }
                }
                insert.executeBatch();
                connection.commit();
            } finally {
                connection.setAutoCommit(true);
            }
        } catch (SQLException failed) {
            throw failed("write", failed);
        }
    }

    private SaveException failed(String what, SQLException failed) {
        return SaveException.resources("cannot " + what + " the scores " + file + ": " + failed.getMessage(), failed);
    }

    @Override
    public void close() {
        try {
            connection.close();
        } catch (SQLException failed) {
            throw failed("close", failed);
        }
    }
}
