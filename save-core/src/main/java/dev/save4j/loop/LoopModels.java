package dev.save4j.loop;

import dev.save4j.models.PolicyModel;
import dev.save4j.models.RewardModel;
import dev.save4j.tokenizers.Tokenizer;

/** A policy and a reward model with their tokenizers. The tokenizers belong to whoever opened them. */
public record LoopModels(
        PolicyModel policy, Tokenizer policyTokenizer, RewardModel reward, Tokenizer rewardTokenizer) {}
