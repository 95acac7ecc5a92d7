package dev.save4j.cli;

import dev.save4j.engine.EngineSettings;
import dev.save4j.tokenizers.JsonFiles;
import dev.save4j.wiring.Registry;
import java.io.PrintWriter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** Says which engine runs and trains a model. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = {
            "Says for each engine whether it runs a model and trains it, and all that is in the way if not. The model is opened in every engine, run"
                    + " on a small made-up batch, and differentiated once; its weights stay as they are.",
            "Exits with 0 when an engine runs the model (with --train: trains it), otherwise with 2.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  save4j engines check model.onnx",
            "  save4j engines check runs/quickstart/save/policy --train"
        })
final class EnginesCheckCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "MODEL",
            description = "An ONNX file, a model folder, or the name of a model in the cache.")
    private String model;

    @Option(names = "--static", description = "Only compares the graph with the engines' tables; loads no native code.")
    private boolean onlyTables;

    @Option(names = "--train", description = "Fails when no engine can train the model.")
    private boolean train;

    @Option(
            names = "--format",
            defaultValue = "text",
            paramLabel = "text|json",
            description = "How the result is written (default ${DEFAULT-VALUE}).")
    private OutputFormat format;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        CheckedModel checked = CheckedModel.load(model);
        List<EngineCheck.Finding> findings =
                new EngineCheck(checked, !onlyTables, EngineSettings.singleThreaded()).on(Registry.discover());
        if (format == OutputFormat.JSON) {
            Map<String, Object> result = Map.of("model", checked.describe(), "engines", findings);
            out.print(JsonFiles.text(new JsonMapper().valueToTree(result)));
        } else {
            out.println(checked.describe());
            out.println(
                    onlyTables
                            ? "By the engines' tables:"
                            : "On a batch of " + SyntheticBatch.ROWS + " rows of " + SyntheticBatch.TOKENS
                                    + " tokens:");
            out.println();
            out.println(table(checked, findings));
            findings.forEach(finding -> explain(finding, out));
        }
        out.flush();
        boolean enough =
                findings.stream().anyMatch(finding -> train ? finding.trains().orElse(false) : finding.runs());
        return enough ? 0 : 2;
    }

    private static TextTable table(CheckedModel model, List<EngineCheck.Finding> findings) {
        TextTable table = new TextTable("use", "engine", "runs", "trains", "differs by");
        int all = model.graph().parameters().size();
        for (EngineCheck.Finding finding : findings) {
            table.add(
                    finding.use(),
                    finding.engine(),
                    finding.runs() ? "yes" : "no",
                    finding.trains()
                            .map(trains -> trains ? finding.weights().orElse(0) + " of " + all + " weights" : "no")
                            .orElse(""),
                    finding.difference()
                            .map(difference -> difference == 0 ? "0" : String.format(Locale.ROOT, "%.0e", difference))
                            .orElse(""));
        }
        return table;
    }

    private static void explain(EngineCheck.Finding finding, PrintWriter out) {
        if (!finding.problems().isEmpty()) {
            out.println((finding.runs() ? "Not trained by " : "Not run by ") + finding.engine() + " (" + finding.use()
                    + "):");
            finding.problems().forEach(problem -> out.println("  - " + problem.replace("\n", "\n    ")));
        }
    }
}
