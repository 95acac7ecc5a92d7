package dev.save4j.data;

import dev.save4j.SaveException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Collectors;
import tools.jackson.core.JacksonException;

/**
 * Parquet through an in-memory DuckDB that may read this one file and nothing else and loads no extension. DuckDB renders each row as
 * JSON, so that nested columns arrive as the same tree as from a JSON file; results are streamed, in file order.
 */
final class ParquetReader implements RowReader {
    private static final String THREADS = "2";

    private final Path path;
    private final Optional<Path> copy;
    private final List<String> declared = new ArrayList<>();
    private final Connection connection;
    private final PreparedStatement statement;
    private final ResultSet rows;
    private long number;
    private boolean closed;

    static ParquetReader open(Path path, Set<String> columns) {
        try {
            return new ParquetReader(path, path.toRealPath(), Optional.empty(), columns);
        } catch (IOException e) {
            throw DataFile.failure(path, e);
        } catch (SQLException e) {
            throw failure(path, e);
        }
    }

    /** Reads a copy of the file that the user named, and deletes the copy when closed or when opening fails. */
    static ParquetReader openCopy(Path path, Path copy, Set<String> columns) {
        try {
            return new ParquetReader(path, copy.toRealPath(), Optional.of(copy), columns);
        } catch (IOException | SQLException e) {
            SaveException failure =
                    e instanceof SQLException sql ? failure(path, sql) : DataFile.failure(path, (IOException) e);
            try {
                Files.deleteIfExists(copy);
            } catch (IOException leftover) {
                failure.addSuppressed(leftover);
            }
            throw failure;
        }
    }

    private ParquetReader(Path path, Path file, Optional<Path> copy, Set<String> columns) throws SQLException {
        this.path = path;
        this.copy = copy;
        Properties properties = new Properties();
        properties.setProperty("threads", THREADS);
        properties.setProperty("autoinstall_known_extensions", "false");
        properties.setProperty("autoload_known_extensions", "false");
        properties.setProperty("jdbc_stream_results", "true");
        this.connection = DriverManager.getConnection("jdbc:duckdb:", properties);
        try {
            try (Statement settings = connection.createStatement()) {
                settings.execute("SET allowed_paths = ['" + file.toString().replace("'", "''") + "']");
                settings.execute("SET enable_external_access = false");
                settings.execute("SET lock_configuration = true");
            }
            describe(file);
            this.statement = connection.prepareStatement(query(columns));
            statement.setString(1, file.toString());
            this.rows = statement.executeQuery();
        } catch (SQLException | RuntimeException e) {
            try {
                connection.close();
            } catch (SQLException closing) {
                e.addSuppressed(closing);
            }
            throw e;
        }
    }

    private void describe(Path file) throws SQLException {
        try (PreparedStatement describe = connection.prepareStatement("DESCRIBE SELECT * FROM read_parquet(?)")) {
            describe.setString(1, file.toString());
            try (ResultSet described = describe.executeQuery()) {
                while (described.next()) {
                    declared.add(described.getString(1));
                }
            }
        }
    }

    private String query(Set<String> columns) {
        List<String> selected = declared.stream().filter(columns::contains).toList();
        String list = selected.isEmpty()
                ? "*"
                : selected.stream()
                        .map(column -> '"' + column.replace("\"", "\"\"") + '"')
                        .collect(Collectors.joining(", "));
        return "SELECT to_json(t)::VARCHAR FROM (SELECT " + list + " FROM read_parquet(?)) t";
    }

    @Override
    public DataFormat format() {
        return DataFormat.PARQUET;
    }

    @Override
    public List<String> declaredColumns() {
        return List.copyOf(declared);
    }

    @Override
    public Optional<Row> next() {
        try {
            if (!rows.next()) {
                return Optional.empty();
            }
            number++;
            return Optional.of(parse(rows.getString(1)));
        } catch (SQLException e) {
            throw failure(path, e);
        }
    }

    private Row parse(String json) {
        try {
            return new Row.Parsed(number, Json.RENDERED.readTree(json));
        } catch (JacksonException e) {
            return new Row.Unreadable(number, Json.reason(e));
        }
    }

    private static SaveException failure(Path path, SQLException e) {
        String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("unknown reason");
        return SaveException.user(path + " is not a readable Parquet file: " + reason, e);
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            closeAll(rows, statement, connection);
        } catch (SQLException e) {
            throw SaveException.resources("Cannot close " + path + ": " + e.getMessage(), e);
        } finally {
            if (copy.isPresent()) {
                delete(copy.get());
            }
        }
    }

    /** Closes all, whatever fails; later failures are kept as suppressed ones. */
    private static void closeAll(AutoCloseable... open) throws SQLException {
        SQLException failure = null;
        for (AutoCloseable resource : open) {
            try {
                resource.close();
            } catch (Exception e) {
                if (failure == null) {
                    failure = new SQLException(e.getMessage(), e);
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        if (failure != null) {
            throw failure;
        }
    }

    private void delete(Path file) {
        try {
            Files.deleteIfExists(file);
        } catch (IOException e) {
            throw SaveException.resources(
                    "Cannot delete the unpacked copy " + file + " of " + path + ": " + e.getMessage(), e);
        }
    }
}
