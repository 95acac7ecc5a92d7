package dev.save4j.objectives;

import java.util.List;

/** The formulas once more, as plain loops in double precision: an oracle that shares no code with the graphs. */
final class Reference {
    private Reference() {}

    static double logSigmoid(double x) {
        return x >= 0 ? -Math.log1p(Math.exp(-x)) : x - Math.log1p(Math.exp(x));
    }

    static double bradleyTerry(double[] chosen, double[] rejected, double[] margin, double[] weight, double centre) {
        double loss = 0;
        double total = 0;
        for (int i = 0; i < chosen.length; i++) {
            double sum = chosen[i] + rejected[i];
            loss += weight[i] * (-logSigmoid(chosen[i] - rejected[i] - margin[i]) + centre * sum * sum);
            total += weight[i];
        }
        return total == 0 ? 0 : loss / total;
    }

    static double anchoredLogistic(double[] reward, double[] anchor, int[] label, double temperature) {
        double[] sums = new double[2];
        int[] counts = new int[2];
        for (int i = 0; i < reward.length; i++) {
            if (label[i] != 0) {
                int side = label[i] > 0 ? 0 : 1;
                sums[side] += -logSigmoid(label[i] * (reward[i] - anchor[i]) / temperature);
                counts[side]++;
            }
        }
        return mean(sums[0], counts[0]) + mean(sums[1], counts[1]);
    }

    static double hinge(double[] reward, double[] anchor, int[] label, double margin) {
        double[] sums = new double[2];
        int[] counts = new int[2];
        for (int i = 0; i < reward.length; i++) {
            if (label[i] != 0) {
                int side = label[i] > 0 ? 0 : 1;
                sums[side] += Math.max(0, margin - label[i] * (reward[i] - anchor[i]));
                counts[side]++;
            }
        }
        return mean(sums[0], counts[0]) + mean(sums[1], counts[1]);
    }

    static double groupContrastive(double[] reward, double[] anchor, int[] label, double temperature, int group) {
        double total = 0;
        int groups = 0;
        for (int from = 0; from < reward.length; from += group) {
            double up = 1;
            double down = 1;
            boolean hasUp = false;
            boolean hasDown = false;
            for (int i = from; i < from + group; i++) {
                double above = (reward[i] - anchor[i]) / temperature;
                up += label[i] > 0 ? Math.exp(-above) : 0;
                down += label[i] < 0 ? Math.exp(above) : 0;
                hasUp |= label[i] > 0;
                hasDown |= label[i] < 0;
            }
            if (hasUp && hasDown) {
                total += Math.log(up) + Math.log(down);
                groups++;
            }
        }
        return mean(total, groups);
    }

    static double pairwise(double[] reward, int[] label, int group) {
        double total = 0;
        int pairs = 0;
        for (int from = 0; from < reward.length; from += group) {
            for (int p = from; p < from + group; p++) {
                for (int n = from; n < from + group; n++) {
                    if (label[p] > 0 && label[n] < 0) {
                        total += -logSigmoid(reward[p] - reward[n]);
                        pairs++;
                    }
                }
            }
        }
        return mean(total, pairs);
    }

    /** The policy loss of a {@link PolicyObjective}; {@code logProb.get(i)} holds the answer's tokens only. */
    static double policy(PolicyObjective o, List<double[]> logProb, AnswerTokens answers) {
        double loss = 0;
        int sequences = 0;
        int tokens = 0;
        for (double[] row : logProb) {
            sequences += row.length > 0 ? 1 : 0;
            tokens += row.length;
        }
        for (int i = 0; i < logProb.size(); i++) {
            double[] now = logProb.get(i);
            float[] old = answers.oldLogProb().get(i);
            double change = 0;
            for (int t = 0; t < now.length; t++) {
                change += now[t] - old[t];
            }
            double sum = 0;
            for (int t = 0; t < now.length; t++) {
                double logRatio = switch (o.ratio()) {
                    case TOKEN -> now[t] - old[t];
                    case SEQUENCE_SUM -> change;
                    case SEQUENCE_MEAN, SEQUENCE_MEAN_TOKEN -> change / now.length;
                };
                double ratio = Math.exp(Math.max(-o.logRatioLimit(), Math.min(o.logRatioLimit(), logRatio)));
                double[] advantages = answers.advantage().get(i);
                double a = advantages[advantages.length == 1 ? 0 : t];
                double s = switch (o.surrogate()) {
                    case CLIPPED -> {
                        double clipped = Math.max(1 - o.epsilonLow(), Math.min(1 + o.epsilonHigh(), ratio));
                        double pessimistic = Math.min(Math.min(ratio, o.delta()) * a, clipped * a);
                        yield a < 0 ? Math.max(pessimistic, o.dualClip() * a) : pessimistic;
                    }
                    case CISPO -> Math.min(ratio, o.delta()) * a * now[t];
                    case REINFORCE -> a * now[t];
                };
                double kl = o.kl().beta() == 0
                        ? 0
                        : o.kl().beta()
                                * o.kl().of(now[t], answers.referenceLogProb().get(i)[t]);
                sum += -s + kl;
            }
            if (now.length > 0) {
                loss += switch (o.normaliser()) {
                    case SEQUENCE_MEAN -> sum / now.length / sequences;
                    case TOKEN_MEAN -> sum / tokens;
                    case CONSTANT -> sum / ((double) logProb.size() * o.longestAnswer());
                };
            }
        }
        return loss;
    }

    private static double mean(double sum, int count) {
        return count == 0 ? 0 : sum / count;
    }
}
