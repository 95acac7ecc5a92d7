package dev.save4j.loop;

import dev.save4j.algorithms.Gate;
import dev.save4j.engine.OptimizerState;
import dev.save4j.models.RewardModel;
import dev.save4j.tensor.WeightStore;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the last good reward model and goes back to it when the accuracy on held-out pairs has fallen beyond tolerance and noise.
 */
final class Guard {
    private static final Logger LOG = LoggerFactory.getLogger(Guard.class);

    private final Gate gate;
    private final List<PairInput> heldOut;
    private final Scoring scoring;
    private final RewardModel model;
    private final RewardUpdater updater;
    private Optional<Good> good = Optional.empty();
    private int rollbacks;

    /** The reward model that passed last, with its optimizer. */
    record Good(Gate.Best best, WeightStore weights, OptimizerState state) {}

    Guard(Gate gate, List<PairInput> heldOut, Scoring scoring, RewardModel model, RewardUpdater updater) {
        this.gate = gate;
        this.heldOut = heldOut;
        this.scoring = scoring;
        this.model = model;
        this.updater = updater;
    }

    /** Checks the reward model and restores the last good one when it fails. */
    Metrics check() {
        List<double[]> scores = scoring.scores(heldOut);
        boolean[] correct = new boolean[scores.size()];
        for (int i = 0; i < correct.length; i++) {
            correct[i] = scores.get(i)[0] > scores.get(i)[1];
        }
        Gate.Decision decision = gate.decide(good.map(Good::best), correct);
        switch (decision.verdict()) {
            case BEST ->
                good = Optional.of(new Good(decision.best(), model.weights().snapshot(), updater.state()));
            case KEEP -> LOG.debug(decision.summary());
            case ROLLBACK -> {
                rollbacks++;
                LOG.info(decision.summary());
                restoreGood();
            }
        }
        Metrics metrics = new Metrics();
        metrics.put("save/gate_accuracy", decision.accuracy());
        metrics.put("save/gate_error", decision.best().standardError());
        return metrics;
    }

    private void restoreGood() {
        Good last = good.orElseThrow();
        model.weights().copyFrom(last.weights());
        updater.restore(last.state());
    }

    int rollbacks() {
        return rollbacks;
    }

    Optional<Good> good() {
        return good;
    }

    /** Takes over what a checkpoint holds. */
    void restore(Optional<Good> kept, int rollbacksSoFar) {
        good = kept;
        rollbacks = rollbacksSoFar;
    }
}
