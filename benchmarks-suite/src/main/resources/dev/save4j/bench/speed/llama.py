"""A Llama of random weights in PyTorch alone: what 'save4j bench --rival' compares with.

Arguments: train, sample or score; hidden, layers, heads, key-value heads, feed-forward, vocabulary, tied (0 or 1); threads, seconds; then
  train: sequences, tokens of each
  sample: rows at once, answers, prompt, new tokens, how many token ids end an answer
  score: rows at once, tokens of every prompt, then the tokens of every sequence
Query, key and value are one product, and so are gate and up; keys and values lie in a cache that is allocated once. Prints one line of JSON.
"""
import json
import math
import resource
import sys
import time

began = time.time()
import torch
import torch.nn.functional as F

task = sys.argv[1]
hidden, layers, heads, kv_heads, wide, vocabulary, tied, threads = map(int, sys.argv[2:10])
seconds = float(sys.argv[10])
work = list(map(int, sys.argv[11:]))
training = task == "train"
torch.set_num_threads(threads)
torch.manual_seed(1)
size = hidden // heads
group = heads // kv_heads


def weight(*shape):
    return (0.02 * torch.randn(*shape)).requires_grad_(training)


def ones():
    return torch.ones(hidden, requires_grad=training)


class Layer:
    def __init__(self):
        self.norm1 = ones()
        self.norm2 = ones()
        self.qkv = weight((heads + 2 * kv_heads) * size, hidden)
        self.out = weight(hidden, heads * size)
        self.gate_up = weight(2 * wide, hidden)
        self.down = weight(hidden, wide)


embedding = weight(vocabulary, hidden)
head = embedding if tied else weight(vocabulary, hidden)
blocks = [Layer() for _ in range(layers)]
final = ones()
angles = torch.outer(torch.arange(4096).float(), 10000.0 ** (-torch.arange(0, size, 2).float() / size))
cos, sin = torch.cat([angles.cos()] * 2, -1), torch.cat([angles.sin()] * 2, -1)


def rms_norm(x, scale):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * scale


def linear(x, w):
    # One row is a product of matrix and vector, which is faster by far.
    return torch.mv(w, x.view(-1)).view(*x.shape[:-1], -1) if x.numel() == x.shape[-1] else F.linear(x, w)


def rotate(x, at):
    c, s = cos[at : at + x.shape[2]], sin[at : at + x.shape[2]]
    return x * c + torch.cat([-x[..., size // 2 :], x[..., : size // 2]], -1) * s


def forward(ids, at=0, cache=None):
    """[batch, tokens] to [batch, tokens, hidden]; a cache holds what came before."""
    batch, tokens = ids.shape
    mask = torch.full((tokens, tokens), -math.inf).triu(1) if tokens > 1 else 0
    x = F.embedding(ids, embedding)
    for i, b in enumerate(blocks):
        qkv = linear(rms_norm(x, b.norm1), b.qkv).view(batch, tokens, -1, size).transpose(1, 2)
        q, k, v = qkv.split([heads, kv_heads, kv_heads], 1)
        q, k = rotate(q, at), rotate(k, at)
        if cache is not None:
            cache[i][0][:, :, at : at + tokens] = k
            cache[i][1][:, :, at : at + tokens] = v
            k, v = cache[i][0][:, :, : at + tokens], cache[i][1][:, :, : at + tokens]
        if group > 1:
            k, v = k.repeat_interleave(group, 1), v.repeat_interleave(group, 1)
        scores = q @ k.transpose(-1, -2) / math.sqrt(size) + mask
        mixed = (scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, tokens, -1)
        x = x + linear(mixed, b.out)
        gate, up = linear(rms_norm(x, b.norm2), b.gate_up).chunk(2, -1)
        x = x + linear(F.silu(gate) * up, b.down)
    return rms_norm(x, final)


def measure(step, seconds, chunk):
    """Chunks of several steps, as processor time is told coarsely; the step that tells how long one takes counts when it is long enough."""
    step()
    wall, processor = [], []
    count, end = 1, time.perf_counter() + seconds
    while not wall or time.perf_counter() < end:
        w, p = time.perf_counter(), time.process_time()
        for _ in range(count):
            step()
        took = time.perf_counter() - w
        if took < chunk / 2 and not wall:
            count = math.ceil(chunk / took * count)
            continue
        wall.append(took / count)
        processor.append((time.process_time() - p) / count)
    return {"wall": wall, "processor": processor}


times, numbers = {}, {}

if task == "train":
    batch, length = work
    ids = torch.randint(vocabulary, (batch, length))
    weights = [embedding, final] + ([] if tied else [head]) + [w for b in blocks for w in vars(b).values()]
    optimizer = torch.optim.AdamW(weights, lr=1e-4, weight_decay=0.0)
    parts = [0.0, 0.0]

    def step():
        start = time.perf_counter()
        logits = F.linear(forward(ids), head)
        loss = F.cross_entropy(logits[:, :-1].reshape(-1, vocabulary), ids[:, 1:].reshape(-1))
        loss.backward()
        middle = time.perf_counter()
        torch.nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        parts[0] += middle - start
        parts[1] += time.perf_counter() - middle
        numbers["loss"] = loss.item()

    step()
    numbers["start"] = time.time() - began
    parts[:] = [0.0, 0.0]
    times["step"] = measure(step, seconds, min(1.0, seconds / 2))
    numbers["optimizerShare"] = parts[1] / sum(parts)

elif task == "sample":
    rows, answers, prompt, new, stops = work
    prompts = torch.randint(vocabulary, (rows, prompt))
    cache = [[torch.zeros(rows, kv_heads, prompt + new, size) for _ in range(2)] for _ in blocks]
    useful = []

    def generate(limit):
        """Rows at once until the last of them has ended, then the next."""
        kept = 0
        for _ in range(answers // rows):
            ids, at = prompts, 0
            going = torch.ones(rows, dtype=torch.bool)
            for _ in range(limit):
                probability = linear(forward(ids, at, cache)[:, -1:], head)[:, 0].softmax(-1)
                at += ids.shape[1]
                ids = torch.multinomial(probability, 1)
                probability.gather(1, ids).log()
                if stops:
                    kept += int(going.sum())
                    going &= ids[:, 0] >= stops
                    if not going.any():
                        break
                else:
                    kept += rows
        useful.append(kept)

    with torch.no_grad():
        times["batch"] = measure(lambda: generate(new), seconds, 0.5)
        numbers["tokens"] = sum(useful) / len(useful)
        if not stops:
            times["first"] = measure(lambda: generate(1), seconds / 4, 0.1)

else:
    rows, prompt, lengths = work[0], work[1], work[2:]
    reward, value = weight(hidden), weight(hidden)
    sequences = [torch.randint(vocabulary, (length,)) for length in lengths]
    computed = 0

    def score():
        """As they come, padded to the longest of a batch: attention is causal, so padding behind needs no mask."""
        global computed
        computed = 0
        for start in range(0, len(sequences), rows):
            part = sequences[start : start + rows]
            ids = torch.nn.utils.rnn.pad_sequence(part, batch_first=True)
            computed += ids.numel()
            h = forward(ids)
            (h[torch.arange(len(part)), torch.tensor([len(s) - 1 for s in part])] @ reward).tolist()
            (h[:, prompt - 1] @ value).tolist()

    with torch.no_grad():
        times["pass"] = measure(score, seconds, 0.5)
    numbers["computed"] = computed

numbers["peakMemory"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps({"engine": "PyTorch " + torch.__version__ + " (Python)", "times": times, "numbers": numbers}))
