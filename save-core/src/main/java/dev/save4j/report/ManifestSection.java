package dev.save4j.report;

import dev.save4j.run.RunManifest;
import java.util.List;
import java.util.Map;

/** The part of a report that says with what a run was made. */
final class ManifestSection {
    private static final String SETTING = "setting ";

    private final Page page;
    private final Html html;

    ManifestSection(Page page) {
        this.page = page;
        html = page.html();
    }

    /** @param algorithm what the formulas of the manifest are */
    void write(RunManifest manifest, String algorithm) {
        html.raw("<section class=\"card\"><dl>\n");
        manifest.engines()
                .forEach((role, engine) -> html.element("<dt>", role.equals("threads") ? role : "engine for " + role)
                        .element("<dd>", engine));
        page.entries("", manifest.machine());
        page.entries("", Map.of("save4j", manifest.save4j()));
        manifest.notes().forEach(note -> html.element("<dt>", "data").element("<dd>", note));
        html.element("<dt>", "data, SHA-256")
                .raw("<dd>")
                .element("<code>", manifest.dataHash())
                .raw("</dd>\n");
        manifest.model()
                .forEach((name, value) -> html.element("<dt>", "model: " + name.replace('_', ' '))
                        .raw("<dd>")
                        .element("<code>", value)
                        .raw("</dd>\n"));
        html.raw("</dl></section>\n").element("<h3>", algorithm).element("<pre>", lines(manifest, false));
        if (manifest.algorithm().stream().anyMatch(line -> line.startsWith(SETTING))) {
            page.folded("Every constant of the policy update", lines(manifest, true));
        }
    }

    private static String lines(RunManifest manifest, boolean settings) {
        List<String> lines = manifest.algorithm().stream()
                .filter(line -> line.startsWith(SETTING) == settings)
                .map(line -> settings ? line.substring(SETTING.length()).strip() : line)
                .toList();
        return String.join("\n", lines);
    }
}
