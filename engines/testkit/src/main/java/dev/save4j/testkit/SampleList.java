package dev.save4j.testkit;

import dev.save4j.graph.Attribute;
import dev.save4j.graph.Graph;
import dev.save4j.graph.Node;
import dev.save4j.tensor.ElementType;
import dev.save4j.testkit.reference.Numbers;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import java.util.stream.IntStream;

/** Collects samples; its random numbers are the same in every run. */
final class SampleList {
    private final RandomGenerator random =
            RandomGeneratorFactory.of("L64X128MixRandom").create(20_260_101);
    private final List<Sample> samples = new ArrayList<>();

    /** Every sample of the kit. */
    static List<Sample> all() {
        SampleList list = new SampleList();
        ElementwiseSamples.addTo(list);
        ReductionSamples.addTo(list);
        LayoutSamples.addTo(list);
        IndexSamples.addTo(list);
        ProductSamples.addTo(list);
        AttentionSamples.addTo(list);
        NormalizationSamples.addTo(list);
        ImageSamples.addTo(list);
        RecurrentSamples.addTo(list);
        QuantizedSamples.addTo(list);
        ControlSamples.addTo(list);
        return List.copyOf(list.samples);
    }

    Draft op(String operator) {
        return new Draft("", operator);
    }

    Draft microsoft(String operator) {
        return new Draft(Node.MICROSOFT, operator);
    }

    Draft own(String operator) {
        return new Draft(Node.SAVE4J, operator);
    }

    /** Single-precision numbers between the bounds. */
    Numbers uniform(double low, double high, int... shape) {
        return filled(() -> low + (high - low) * random.nextDouble(), shape);
    }

    /** Numbers between -2 and 2, at least 0.2 away from zero. */
    Numbers numbers(int... shape) {
        return filled(() -> (0.2 + 1.8 * random.nextDouble()) * (random.nextBoolean() ? 1 : -1), shape);
    }

    /** Numbers between 0.3 and 2. */
    Numbers positive(int... shape) {
        return uniform(0.3, 2, shape);
    }

    /** Numbers between about -1 and 1 of which no two are closer than 0.01. */
    Numbers distinct(int... shape) {
        int size = IntStream.of(shape).reduce(1, (a, b) -> a * b);
        List<Integer> order = new ArrayList<>(IntStream.range(0, size).boxed().toList());
        Collections.shuffle(order, new Random(random.nextLong()));
        double[] values = new double[size];
        for (int i = 0; i < size; i++) {
            values[i] = (float) ((order.get(i) + 0.5) / size * 2 - 1 + 0.3 / size * random.nextDouble());
        }
        return Numbers.of(values, shape);
    }

    /** Integers from low to high (exclusive). */
    Numbers integers(int low, int high, int... shape) {
        return filled(() -> random.nextInt(low, high), shape).withType(ElementType.INT64);
    }

    Numbers booleans(int... shape) {
        return filled(() -> random.nextBoolean() ? 1 : 0, shape).withType(ElementType.BOOL);
    }

    private Numbers filled(java.util.function.DoubleSupplier supplier, int... shape) {
        double[] values = new double[IntStream.of(shape).reduce(1, (a, b) -> a * b)];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) supplier.getAsDouble();
        }
        return Numbers.of(values, shape);
    }

    /** A sample in the making; {@link #label} ends it. */
    final class Draft {
        private final String domain;
        private final String operator;
        private final List<Sample.Operand> operands = new ArrayList<>();
        private final Map<String, Attribute> attributes = new LinkedHashMap<>();
        private int opset = Graph.OPSET;
        private int results = 1;
        private int judged = 1;
        private boolean smooth = true;

        private Draft(String domain, String operator) {
            this.domain = domain;
            this.operator = operator;
        }

        private Draft operand(Sample.Role role, Numbers value) {
            operands.add(new Sample.Operand(role, Optional.of(value)));
            return this;
        }

        /** A floating operand through which gradients flow. */
        Draft data(Numbers value) {
            return operand(Sample.Role.DATA, value);
        }

        /** An operand without a gradient, known when the graph is run. */
        Draft input(Numbers value) {
            return operand(Sample.Role.INPUT, value);
        }

        /** An operand without a gradient, known when the graph is opened. */
        Draft constant(Numbers value) {
            return operand(Sample.Role.CONSTANT, value);
        }

        Draft absent() {
            operands.add(new Sample.Operand(Sample.Role.ABSENT, Optional.empty()));
            return this;
        }

        Draft set(String attribute, long value) {
            attributes.put(attribute, Attribute.of(value));
            return this;
        }

        Draft set(String attribute, float value) {
            attributes.put(attribute, Attribute.of(value));
            return this;
        }

        Draft set(String attribute, String value) {
            attributes.put(attribute, Attribute.of(value));
            return this;
        }

        Draft set(String attribute, Attribute value) {
            attributes.put(attribute, value);
            return this;
        }

        Draft results(int count) {
            results = count;
            judged = count;
            return this;
        }

        /** Compares the first results only, where the specification leaves the others open. */
        Draft judged(int count) {
            judged = count;
            return this;
        }

        Draft opset(int version) {
            opset = version;
            return this;
        }

        /** Leaves the sample out of the gradient cases. */
        Draft rough() {
            smooth = false;
            return this;
        }

        void label(String label) {
            samples.add(new Sample(domain, operator, opset, label, operands, attributes, results, judged, smooth));
        }
    }
}
