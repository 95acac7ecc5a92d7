package dev.save4j.cli;

import dev.save4j.engine.Engine;
import dev.save4j.engine.OperatorRule;
import dev.save4j.tensor.ElementType;
import dev.save4j.tokenizers.JsonFiles;
import dev.save4j.wiring.Registry;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import tools.jackson.databind.json.JsonMapper;

/** Lists engines. */
@Command(
        name = "engines",
        mixinStandardHelpOptions = true,
        subcommands = EnginesCheckCommand.class,
        description = {
            "Lists the engines on the class path with their versions and devices, and how many operators they run and train.",
            ""
        },
        footer = {"", "Examples:", "  save4j engines --operators", "  save4j engines check model.onnx"})
final class EnginesCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--operators",
            description =
                    "Shows for every operator which engine runs and trains it, on which element types and with which attributes.")
    private boolean operators;

    @Option(
            names = "--libraries",
            description = "Loads the native libraries and shows the versions that they give of themselves.")
    private boolean libraries;

    @Option(
            names = "--format",
            defaultValue = "text",
            paramLabel = "text|json",
            description = "How the list is written (default ${DEFAULT-VALUE}); json has everything.")
    private OutputFormat format;

    /** An engine in one of its uses. */
    private record Listed(String use, Engine engine) {
        Collection<OperatorRule> rules() {
            return engine.capabilities().operators().rules();
        }

        long trained() {
            return rules().stream().filter(OperatorRule::differentiable).count();
        }
    }

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Registry registry = Registry.discover();
        List<Listed> all = new ArrayList<>();
        registry.rollout().all().forEach(engine -> all.add(new Listed("rollout", engine)));
        registry.inference().all().forEach(engine -> all.add(new Listed("scoring", engine)));
        registry.gradient().all().forEach(engine -> all.add(new Listed("gradient", engine)));
        if (format == OutputFormat.JSON) {
            Map<String, Object> tree = new LinkedHashMap<>();
            tree.put("engines", all.stream().map(this::tree).toList());
            tree.put("algorithms", registry.algorithms().names());
            out.print(JsonFiles.text(new JsonMapper().valueToTree(tree)));
        } else {
            print(all, out);
            out.println("Algorithms: " + String.join(", ", registry.algorithms().names()));
        }
        out.flush();
        return 0;
    }

    private void print(List<Listed> all, PrintWriter out) {
        TextTable summary = new TextTable("use", "name", "version", "devices", "operators", "trained", "element types");
        for (Listed listed : all) {
            Set<ElementType> elements = EnumSet.noneOf(ElementType.class);
            listed.rules().forEach(rule -> elements.addAll(rule.elements()));
            summary.add(
                    listed.use(),
                    listed.engine().name(),
                    listed.engine().capabilities().version(),
                    String.join(", ", listed.engine().capabilities().devices()),
                    Integer.toString(listed.rules().size()),
                    listed.use().equals("gradient") ? Long.toString(listed.trained()) : "",
                    OperatorMatrix.describe(elements));
        }
        out.println(summary);
        if (libraries) {
            TextTable versions = new TextTable("engine", "library", "version");
            all.forEach(listed -> listed.engine()
                    .libraries()
                    .forEach((library, version) ->
                            versions.add(listed.engine().name() + " (" + listed.use() + ")", library, version)));
            out.println(versions);
        }
        if (operators) {
            out.println(new OperatorMatrix(all.stream().map(Listed::engine).toList()).table());
        }
    }

    private Map<String, Object> tree(Listed listed) {
        Map<String, Object> tree = new LinkedHashMap<>();
        tree.put("use", listed.use());
        tree.put("name", listed.engine().name());
        tree.put("version", listed.engine().capabilities().version());
        tree.put("devices", listed.engine().capabilities().devices());
        if (libraries) {
            tree.put("libraries", listed.engine().libraries());
        }
        tree.put("operators", listed.rules());
        return tree;
    }
}
