package dev.save4j.testkit.reference;

import dev.save4j.graph.Attribute;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.function.DoubleUnaryOperator;

/** Recurrent layers over {@code [sequence, batch, input]}, forward, backward or both. */
final class RecurrentReference {
    private RecurrentReference() {}

    static List<ReferenceOperator> operators() {
        return List.of(
                ReferenceOperator.several(
                        "RNN",
                        in -> run(in, 1, "Tanh"),
                        "activation_alpha",
                        "activation_beta",
                        "activations",
                        "clip",
                        "direction",
                        "hidden_size"),
                ReferenceOperator.several(
                        "GRU",
                        in -> run(in, 3, "Sigmoid", "Tanh"),
                        "activation_alpha",
                        "activation_beta",
                        "activations",
                        "clip",
                        "direction",
                        "hidden_size",
                        "linear_before_reset"),
                ReferenceOperator.several(
                        "LSTM",
                        in -> run(in, 4, "Sigmoid", "Tanh", "Tanh"),
                        "activation_alpha",
                        "activation_beta",
                        "activations",
                        "clip",
                        "direction",
                        "hidden_size",
                        "input_forget"));
    }

    /**
     * @param gates one block of rows in the weights for each
     * @param functions names of the default activations of one direction
     */
    private static List<Numbers> run(Operands in, int gates, String... functions) {
        Numbers x = in.get(0);
        int length = x.shape()[0];
        int batch = x.shape()[1];
        int hidden = in.integer("hidden_size", in.get(2).shape()[2]);
        int directions = in.get(1).shape()[0];
        int[] state = {directions, batch, hidden};
        double[] all = new double[length * directions * batch * hidden];
        double[] h = in.optional(5).map(n -> n.values().clone()).orElseGet(() -> new double[Numbers.size(state)]);
        double[] c = in.optional(6)
                .filter(n -> gates == 4)
                .map(n -> n.values().clone())
                .orElseGet(() -> new double[Numbers.size(state)]);
        for (int direction = 0; direction < directions; direction++) {
            boolean backward =
                    direction == 1 || in.node().text("direction", "forward").equals("reverse");
            Cell cell = new Cell(in, gates, hidden, direction, functions(in, direction, functions));
            for (int row = 0; row < batch; row++) {
                int steps = in.has(4) ? (int) in.longs(4)[row] : length;
                int at = (direction * batch + row) * hidden;
                double[] before = Arrays.copyOfRange(h, at, at + hidden);
                double[] memory = Arrays.copyOfRange(c, at, at + hidden);
                for (int step = 0; step < steps; step++) {
                    int time = backward ? steps - 1 - step : step;
                    before = cell.step(x, (time * batch + row) * x.shape()[2], before, memory);
                    System.arraycopy(before, 0, all, ((time * directions + direction) * batch + row) * hidden, hidden);
                }
                System.arraycopy(before, 0, h, at, hidden);
                System.arraycopy(memory, 0, c, at, hidden);
            }
        }
        Numbers sequence = new Numbers(x.type(), new int[] {length, directions, batch, hidden}, all);
        Numbers last = new Numbers(x.type(), state, h);
        return gates == 4 ? List.of(sequence, last, new Numbers(x.type(), state, c)) : List.of(sequence, last);
    }

    private static List<DoubleUnaryOperator> functions(Operands in, int direction, String... orElse) {
        List<String> names = in.node().attributes().get("activations") instanceof Attribute.Texts texts
                ? texts.values().subList(direction * orElse.length, (direction + 1) * orElse.length)
                : List.of(orElse);
        double clip = in.node().real("clip", Float.POSITIVE_INFINITY);
        Iterator<Float> alphas = reals(in, "activation_alpha");
        Iterator<Float> betas = reals(in, "activation_beta");
        return names.stream()
                .<DoubleUnaryOperator>map(name -> {
                    DoubleUnaryOperator function = function(in, name, alphas, betas);
                    return v -> function.applyAsDouble(Math.max(-clip, Math.min(clip, v)));
                })
                .toList();
    }

    private static Iterator<Float> reals(Operands in, String attribute) {
        return in.node().attributes().get(attribute) instanceof Attribute.Reals reals
                ? reals.values().iterator()
                : List.<Float>of().iterator();
    }

    /** Functions that need a number take the next one that is given. */
    private static DoubleUnaryOperator function(
            Operands in, String name, Iterator<Float> alphas, Iterator<Float> betas) {
        return switch (name) {
            case "LeakyRelu" -> {
                double alpha = alphas.hasNext() ? alphas.next() : 0.01f;
                yield v -> v < 0 ? alpha * v : v;
            }
            case "HardSigmoid" -> {
                double alpha = alphas.hasNext() ? alphas.next() : 0.2f;
                double beta = betas.hasNext() ? betas.next() : 0.5f;
                yield v -> Math.max(0, Math.min(1, alpha * v + beta));
            }
            case "Tanh" -> Math::tanh;
            case "Sigmoid" -> ActivationReference::sigmoid;
            case "Relu" -> v -> Math.max(0, v);
            case "Softsign" -> v -> v / (1 + Math.abs(v));
            default -> throw in.unsupported("activation " + name);
        };
    }

    /** The weights of one direction. */
    private record Cell(Operands in, int gates, int hidden, int direction, List<DoubleUnaryOperator> functions) {
        /** The part of gate and unit that comes of the input and its bias. */
        private double input(Numbers x, int from, int gate, int unit) {
            int width = x.shape()[2];
            int row = (direction * gates + gate) * hidden + unit;
            double sum = in.has(3) ? in.get(3).values()[(direction * 2 * gates + gate) * hidden + unit] : 0;
            for (int i = 0; i < width; i++) {
                sum += in.get(1).values()[row * width + i] * x.values()[from + i];
            }
            return sum;
        }

        /** The part that comes of the state and its bias. */
        private double recurrent(double[] h, int gate, int unit) {
            int row = (direction * gates + gate) * hidden + unit;
            double sum = in.has(3) ? in.get(3).values()[(direction * 2 * gates + gates + gate) * hidden + unit] : 0;
            for (int i = 0; i < hidden; i++) {
                sum += in.get(2).values()[row * hidden + i] * h[i];
            }
            return sum;
        }

        private double peephole(int which, int unit) {
            return in.has(7) ? in.get(7).values()[(direction * 3 + which) * hidden + unit] : 0;
        }

        /** The next state; the memory is changed. */
        double[] step(Numbers x, int from, double[] h, double[] memory) {
            double[] next = new double[hidden];
            if (gates == 3) {
                gated(x, from, h, next);
                return next;
            }
            for (int unit = 0; unit < hidden; unit++) {
                if (gates == 1) {
                    next[unit] = functions.get(0).applyAsDouble(input(x, from, 0, unit) + recurrent(h, 0, unit));
                } else {
                    next[unit] = remembered(x, from, h, memory, unit);
                }
            }
            return next;
        }

        private double gate(int function, Numbers x, int from, double[] h, int gate, int unit, double more) {
            return functions.get(function).applyAsDouble(input(x, from, gate, unit) + recurrent(h, gate, unit) + more);
        }

        /** Gates in the order input, output, forget, cell. */
        private double remembered(Numbers x, int from, double[] h, double[] memory, int unit) {
            double enter = gate(0, x, from, h, 0, unit, peephole(0, unit) * memory[unit]);
            double keep = in.flag("input_forget", false)
                    ? 1 - enter
                    : gate(0, x, from, h, 2, unit, peephole(2, unit) * memory[unit]);
            memory[unit] = keep * memory[unit] + enter * gate(1, x, from, h, 3, unit, 0);
            double leave = gate(0, x, from, h, 1, unit, peephole(1, unit) * memory[unit]);
            return leave * functions.get(2).applyAsDouble(memory[unit]);
        }

        /** Gates in the order update, reset, hidden. */
        private void gated(Numbers x, int from, double[] h, double[] next) {
            double[] reset = new double[hidden];
            double[] shown = new double[hidden];
            for (int unit = 0; unit < hidden; unit++) {
                reset[unit] = gate(0, x, from, h, 1, unit, 0);
                shown[unit] = reset[unit] * h[unit];
            }
            for (int unit = 0; unit < hidden; unit++) {
                double update = gate(0, x, from, h, 0, unit, 0);
                double recurrent = in.flag("linear_before_reset", false)
                        ? reset[unit] * recurrent(h, 2, unit)
                        : recurrent(shown, 2, unit);
                double fresh = functions.get(1).applyAsDouble(input(x, from, 2, unit) + recurrent);
                next[unit] = (1 - update) * fresh + update * h[unit];
            }
        }
    }
}
