package dev.save4j.bench.reward;

/**
 * What a server is asked about.
 *
 * @param prompt without a chat template
 * @param whole prompt and response in the form that the model was trained on
 */
record RemoteText(String prompt, String response, String whole) {}
