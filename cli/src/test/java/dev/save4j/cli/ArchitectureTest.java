package dev.save4j.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.tngtech.archunit.core.domain.Dependency;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The arrows between modules point down only, and those between packages never in a circle. Which package belongs to which module is read from the source folders, so
 * a new package needs no change here; a new module does.
 */
class ArchitectureTest {
    /** What each module may name, besides itself. */
    private static final Map<String, Set<String>> ARROWS = Map.of(
            "api", Set.of(),
            "engines/onnxruntime", Set.of("api"),
            "engines/djl-pytorch", Set.of("api"),
            "engines/djl-tensorflow", Set.of("api"),
            "engines/testkit", Set.of("api"),
            "models", Set.of("api"),
            "save-core", Set.of("api", "models"),
            "benchmarks-suite", Set.of("api", "models", "save-core"),
            "cli",
                    Set.of(
                            "api",
                            "models",
                            "save-core",
                            "benchmarks-suite",
                            "engines/onnxruntime",
                            "engines/djl-pytorch",
                            "engines/djl-tensorflow"));

    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Pattern MODULE = Pattern.compile("<module>([^<]+)</module>");

    private static Map<String, String> moduleOfPackage;
    private static JavaClasses classes;

    @BeforeAll
    static void readEveryModule() throws IOException {
        moduleOfPackage = new TreeMap<>();
        for (String module : ARROWS.keySet()) {
            for (String name : packagesOf(module)) {
                String other = moduleOfPackage.put(name, module);
                assertThat(other)
                        .as("package %s lies in %s and in %s; a package belongs to one module", name, module, other)
                        .isNull();
            }
        }
        classes = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("dev.save4j");
    }

    @Test
    void everyModuleOfTheBuildHasItsArrows() throws IOException {
        assertThat(MODULE.matcher(Files.readString(ROOT.resolve("pom.xml")))
                        .results()
                        .map((MatchResult match) -> match.group(1)))
                .containsExactlyInAnyOrderElementsOf(ARROWS.keySet());
    }

    @Test
    void everyPackageIsSeen() {
        Set<String> imported = classes.stream().map(JavaClass::getPackageName).collect(Collectors.toSet());
        assertThat(imported).containsAll(moduleOfPackage.keySet());
    }

    @Test
    void arrowsPointDownOnly() {
        classes().should(nameOnly(moduleOfPackage, ARROWS)).check(classes);
    }

    @Test
    void anArrowUpIsReported() {
        ArchCondition<JavaClass> condition =
                nameOnly(Map.of("dev.save4j.cli", "below", "java.util", "above"), Map.of("below", Set.of()));
        JavaClasses thisClass = new ClassFileImporter().importClasses(ArchitectureTest.class);
        assertThatThrownBy(() -> classes().should(condition).check(thisClass))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("below must not name above")
                .hasMessageContaining("java.util.Map");
    }

    @Test
    void packagesNameOneAnotherInOneDirectionOnly() {
        slices().assignedFrom(slicesOf("packages", JavaClass::getPackageName))
                .should()
                .beFreeOfCycles()
                .check(classes);
    }

    @Test
    void aCycleIsReported() {
        JavaClasses pair = new ClassFileImporter().importClasses(Hen.class, Egg.class);
        ArchRule rule = slices().assignedFrom(slicesOf("classes", JavaClass::getSimpleName))
                .should()
                .beFreeOfCycles();
        assertThatThrownBy(() -> rule.check(pair))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("Cycle detected: Slice Egg")
                .hasMessageContaining("Slice Hen");
    }

    private record Hen(List<Egg> eggs) {
        Egg first() {
            return eggs.get(0);
        }
    }

    private record Egg(Hen mother) {}

    private static SliceAssignment slicesOf(String description, Function<JavaClass, String> slice) {
        return new SliceAssignment() {
            @Override
            public SliceIdentifier getIdentifierOf(JavaClass one) {
                return SliceIdentifier.of(slice.apply(one));
            }

            @Override
            public String getDescription() {
                return description;
            }
        };
    }

    @Test
    void guiceStaysInTheWiringPackage() {
        noClasses()
                .that()
                .resideOutsideOfPackage("dev.save4j.wiring..")
                .should()
                .dependOnClassesThat()
                .resideInAPackage("com.google.inject..")
                .because("embedders and engines must not need Guice")
                .check(classes);
    }

    @Test
    void randomnessIsPassedInOrSeeded() {
        noClasses()
                .should()
                .callMethod(Math.class, "random")
                .orShould()
                .callMethod(StrictMath.class, "random")
                .orShould()
                .callMethod(ThreadLocalRandom.class, "current")
                .orShould()
                .callConstructor(java.util.Random.class)
                .orShould()
                .callConstructor(java.util.SplittableRandom.class)
                .orShould()
                .dependOnClassesThat()
                .haveFullyQualifiedName("java.security.SecureRandom")
                .because("the same seed must give the same run")
                .check(classes);
    }

    @Test
    void everyPackageIsNullMarked() {
        Set<String> unmarked = new TreeSet<>();
        for (String name : moduleOfPackage.keySet()) {
            JavaPackage found = classes.getPackage(name);
            if (!found.isAnnotatedWith(NullMarked.class)) {
                unmarked.add(name);
            }
        }
        assertThat(unmarked)
                .as("packages without @NullMarked in their package-info.java")
                .isEmpty();
    }

    private static ArchCondition<JavaClass> nameOnly(Map<String, String> modules, Map<String, Set<String>> arrows) {
        return new ArchCondition<>("name only modules below their own") {
            @Override
            public void check(JavaClass source, ConditionEvents events) {
                String from = modules.get(source.getPackageName());
                for (Dependency dependency : source.getDirectDependenciesFromSelf()) {
                    String to = modules.get(
                            dependency.getTargetClass().getBaseComponentType().getPackageName());
                    if (to != null
                            && from != null
                            && !to.equals(from)
                            && !arrows.get(from).contains(to)) {
                        events.add(SimpleConditionEvent.violated(
                                dependency, from + " must not name " + to + ": " + dependency.getDescription()));
                    }
                }
            }
        };
    }

    private static Set<String> packagesOf(String module) throws IOException {
        Path sources = ROOT.resolve(module).resolve("src/main/java");
        if (!Files.isDirectory(sources)) {
            return Set.of();
        }
        try (Stream<Path> files = Files.walk(sources)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .map(file -> sources.relativize(file.getParent())
                            .toString()
                            .replace('/', '.')
                            .replace('\\', '.'))
                    .collect(Collectors.toCollection(TreeSet::new));
        }
    }
}
