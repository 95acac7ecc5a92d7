package dev.save4j.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** What holds of the HTML of every report. */
public final class Markup {
    private static final Pattern PICTURE = Pattern.compile("src=\"data:image/png;base64,([A-Za-z0-9+/=]+)\"");

    private Markup() {}

    /** The files of a folder of plots by name. */
    public static Map<String, byte[]> plots(Path folder) throws IOException {
        Map<String, byte[]> plots = new TreeMap<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                plots.put(file.getFileName().toString(), Files.readAllBytes(file));
            }
        }
        return plots;
    }

    /** Pictures are inline, and there is no other reference. */
    public static void holdsItsPlotsAndNothingFromOutside(String html, Collection<byte[]> plots) {
        List<byte[]> embedded = PICTURE.matcher(html)
                .results()
                .map(match -> Base64.getDecoder().decode(match.group(1)))
                .toList();
        assertThat(embedded).containsExactlyInAnyOrderElementsOf(plots);
        String text = PICTURE.matcher(html).replaceAll("src=\"\"");
        assertThat(text)
                .doesNotContainPattern("(?i)https?:|<script|<link|<iframe|<object|@import|url\\(|href=|\\son\\w+=")
                .contains("default-src 'none'; img-src data:; style-src 'unsafe-inline'");
        assertThat(text.split("src=", -1)).hasSize(embedded.size() + 1);
    }

    public static void everyElementIsClosed(String html) {
        Pattern tag = Pattern.compile("<(/?)([a-z0-9]+)[^>]*>");
        List<String> open = new ArrayList<>();
        for (Matcher found = tag.matcher(html.substring(html.indexOf("<html"))); found.find(); ) {
            String name = found.group(2);
            if (List.of("meta", "img").contains(name)) {
                continue;
            }
            if (found.group(1).isEmpty()) {
                open.add(name);
            } else {
                assertThat(open.remove(open.size() - 1)).isEqualTo(name);
            }
        }
        assertThat(open).isEmpty();
    }
}
