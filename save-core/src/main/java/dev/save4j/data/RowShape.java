package dev.save4j.data;

import java.util.OptionalDouble;
import tools.jackson.databind.JsonNode;

/** What a stream has to know of a layout: how a row becomes a value, and how values compare. */
interface RowShape<T> {
    String title();

    T parse(JsonNode row) throws BadRowException;

    boolean isTie(T value);

    /** Whether one of two answers says nothing. */
    boolean hasEmptyAnswer(T value);

    long fingerprint(T value);

    /** Score of the chosen answer less that of the rejected one, where the row has both. */
    OptionalDouble scoreDifference(JsonNode row);
}
