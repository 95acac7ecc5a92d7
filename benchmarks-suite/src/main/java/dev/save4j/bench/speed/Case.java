package dev.save4j.bench.speed;

/**
 * What is measured.
 *
 * @param engine its name, or that of a rival
 * @param shape of the work, in the form that the benchmark defines
 */
record Case(String engine, ModelSize size, String shape) {
    @Override
    public String toString() {
        return engine + " " + size.name() + " " + shape;
    }
}
