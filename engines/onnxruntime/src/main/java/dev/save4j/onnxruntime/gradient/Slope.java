package dev.save4j.onnxruntime.gradient;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;

/** The derivative of the loss by one value, as it gathers from the nodes that read the value. */
final class Slope {
    private final List<Term> parts = new ArrayList<>();
    private final List<Scattered> scattered = new ArrayList<>();
    private final List<UnaryOperator<Term>> writers = new ArrayList<>();

    /**
     * A part that is 0 but for some positions along an axis, to which {@code updates} are added.
     *
     * @param indices of the value's rank and of the shape of {@code updates}
     * @param sizes of the indices' axes, if they are known
     */
    record Scattered(int axis, Term indices, Term updates, Optional<List<Size>> sizes) {}

    void add(Term part) {
        parts.add(part);
    }

    void add(Scattered part) {
        scattered.add(part);
    }

    /** A part that is written onto the sum of the others, of the value's shape. */
    void add(UnaryOperator<Term> writer) {
        writers.add(writer);
    }

    /** The only part, if it is scattered along this axis. */
    Optional<Scattered> onlyScattered(int axis) {
        return parts.isEmpty()
                        && writers.isEmpty()
                        && scattered.size() == 1
                        && scattered.get(0).axis() == axis
                ? Optional.of(scattered.get(0))
                : Optional.empty();
    }

    /**
     * The sum of all parts.
     *
     * @param zeros makes a tensor of zeros of the value's shape
     */
    Term dense(Supplier<Term> zeros) {
        if (parts.size() != 1 || !scattered.isEmpty() || !writers.isEmpty()) {
            Term sum = parts.isEmpty() ? zeros.get() : parts.get(0);
            for (int i = 1; i < parts.size(); i++) {
                sum = sum.add(parts.get(i));
            }
            // Written onto the sum of the others, so that no tensor of zeros is added.
            for (Scattered part : scattered) {
                sum = sum.scatterElements(part.indices(), part.updates(), part.axis(), true);
            }
            for (UnaryOperator<Term> writer : writers) {
                sum = writer.apply(sum);
            }
            parts.clear();
            writers.clear();
            scattered.clear();
            parts.add(sum);
        }
        return parts.get(0);
    }
}
