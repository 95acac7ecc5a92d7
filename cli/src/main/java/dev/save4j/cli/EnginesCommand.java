package dev.save4j.cli;

import dev.save4j.engine.Engine;
import dev.save4j.engine.OperatorRule;
import dev.save4j.wiring.Registry;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Lists engines. */
@Command(
        name = "engines",
        mixinStandardHelpOptions = true,
        subcommands = EnginesCheckCommand.class,
        description = {
            "Lists the engines on the class path with their versions and devices; with --operators what they accept.",
            ""
        })
final class EnginesCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(names = "--operators", description = "Lists every operator with its attributes.")
    private boolean operators;

    @Override
    public Integer call() {
        PrintWriter out = spec.commandLine().getOut();
        Registry registry = Registry.discover();
        TextTable table = new TextTable("use", "name", "version", "devices", "operators", "differentiable");
        addRows(table, "rollout", registry.rollout().all());
        addRows(table, "scoring", registry.inference().all());
        addRows(table, "gradient", registry.gradient().all());
        out.println(table);
        out.println("Algorithms: " + String.join(", ", registry.algorithms().names()));
        if (operators) {
            registry.inference().all().forEach(engine -> print(engine, out));
            registry.gradient().all().forEach(engine -> print(engine, out));
        }
        out.flush();
        return 0;
    }

    private static void addRows(TextTable table, String use, Collection<? extends Engine> engines) {
        for (Engine engine : engines) {
            Collection<OperatorRule> rules = engine.capabilities().operators().rules();
            table.add(
                    use,
                    engine.name(),
                    engine.capabilities().version(),
                    String.join(", ", engine.capabilities().devices()),
                    Integer.toString(rules.size()),
                    Long.toString(
                            rules.stream().filter(OperatorRule::differentiable).count()));
        }
    }

    private static void print(Engine engine, PrintWriter out) {
        out.println();
        out.println(engine.name());
        for (OperatorRule rule : engine.capabilities().operators().rules()) {
            List<String> attributes = new ArrayList<>(rule.attributes());
            attributes.sort(null);
            out.println("  " + (rule.domain().isEmpty() ? "" : rule.domain() + "::") + rule.operator()
                    + (attributes.isEmpty() ? "" : " " + attributes)
                    + (rule.differentiable() ? "" : " (not differentiable)"));
        }
    }
}
