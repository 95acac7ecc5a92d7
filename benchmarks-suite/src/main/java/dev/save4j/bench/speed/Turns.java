package dev.save4j.bench.speed;

import dev.save4j.loop.Progress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * Results of cases that were measured one after the other, and that several times over, so that a disturbance met all of them.
 *
 * @param results of every case
 */
record Turns<C, R>(Surroundings surroundings, Map<C, List<R>> results) {
    /** Measures the machine's peaks at the begin of every round, then every case. */
    static <C, R> Turns<C, R> take(String task, Plan plan, List<C> cases, Function<C, R> measure, Progress progress) {
        double busy = Machine.busy();
        Map<C, List<R>> results = new LinkedHashMap<>();
        cases.forEach(one -> results.put(one, new ArrayList<>()));
        double gigaflops = 0;
        double gigabytes = 0;
        int done = 0;
        for (int round = 0; round < plan.rounds(); round++) {
            ProductPeak.Result product = Probe.java(ProductPeak.class, ProductPeak.Result.class, plan.threads());
            gigaflops = Math.max(gigaflops, plan.threads() == 1 ? product.processor() : product.wall());
            gigabytes = Math.max(
                    gigabytes,
                    Probe.java(CopyPeak.class, CopyPeak.Result.class, plan.threads())
                            .gigabytes());
            for (Map.Entry<C, List<R>> one : results.entrySet()) {
                one.getValue().add(measure.apply(one.getKey()));
                progress.advance(
                        task, ++done, plan.rounds() * cases.size(), one.getKey().toString());
            }
        }
        return new Turns<>(
                new Surroundings(Machine.describe(), plan.threads(), plan.clock(), gigaflops, gigabytes, busy),
                results);
    }

    List<R> of(C one) {
        return results.getOrDefault(one, List.of());
    }
}
