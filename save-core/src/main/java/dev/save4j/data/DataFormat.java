package dev.save4j.data;

/** The file formats, recognised by content; each may be gzipped. */
public enum DataFormat {
    JSON_LINES("JSON Lines", "line"),
    JSON_ARRAY("JSON array", "item"),
    PARQUET("Parquet", "row");

    private final String title;
    private final String rowName;

    DataFormat(String title, String rowName) {
        this.title = title;
        this.rowName = rowName;
    }

    /** What people call it. */
    public String title() {
        return title;
    }

    String where(long number) {
        return rowName + " " + number;
    }
}
