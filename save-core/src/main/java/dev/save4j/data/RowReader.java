package dev.save4j.data;

import java.util.List;
import java.util.Optional;

/** Rows of one file in order; read by one thread, closed by whoever opened it. */
interface RowReader extends AutoCloseable {
    DataFormat format();

    /** The next row, or empty at the end of the file. */
    Optional<Row> next();

    /** All columns the file declares, also those that are not read; empty for formats that declare none. */
    default List<String> declaredColumns() {
        return List.of();
    }

    @Override
    void close();
}
