"""Samples from a Llama of random weights with PyTorch alone: what 'save4j bench rollout --rival' compares with.

Arguments: hidden, layers, heads, feed-forward, vocabulary, tied (0 or 1), sequences, prompt, new tokens, threads, seconds.
Query, key and value are one product, and so are gate and up; keys and values lie in a cache that is allocated once. Prints one line of JSON.
"""
import json
import math
import resource
import sys
import time

import torch
import torch.nn.functional as F

hidden, layers, heads, wide, vocabulary, tied, batch, prompt, new, threads = map(int, sys.argv[1:11])
seconds = float(sys.argv[11])
torch.set_num_threads(threads)
torch.manual_seed(1)
size = hidden // heads
length = prompt + new


def weight(*shape):
    return 0.02 * torch.randn(*shape)


class Layer:
    def __init__(self):
        self.norm1 = torch.ones(hidden)
        self.norm2 = torch.ones(hidden)
        self.qkv = weight(3 * hidden, hidden)
        self.out = weight(hidden, hidden)
        self.gate_up = weight(2 * wide, hidden)
        self.down = weight(hidden, wide)
        self.keys = torch.zeros(batch, heads, length, size)
        self.values = torch.zeros(batch, heads, length, size)


def rms_norm(x, scale):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * scale


def linear(x, w):
    # One row is a product of matrix and vector, which is faster by far.
    return torch.mv(w, x.view(-1)).view(*x.shape[:-1], -1) if x.numel() == x.shape[-1] else F.linear(x, w)


embedding = weight(vocabulary, hidden)
head = embedding if tied else weight(vocabulary, hidden)
blocks = [Layer() for _ in range(layers)]
final = torch.ones(hidden)
angles = torch.outer(torch.arange(length).float(), 10000.0 ** (-torch.arange(0, size, 2).float() / size))
cos, sin = torch.cat([angles.cos()] * 2, -1), torch.cat([angles.sin()] * 2, -1)
prompts = torch.randint(vocabulary, (batch, prompt))


def rotate(x, at):
    c, s = cos[at : at + x.shape[2]], sin[at : at + x.shape[2]]
    return x * c + torch.cat([-x[..., size // 2 :], x[..., : size // 2]], -1) * s


def forward(ids, at):
    tokens = ids.shape[1]
    x = F.embedding(ids, embedding)
    for b in blocks:
        qkv = linear(rms_norm(x, b.norm1), b.qkv).view(batch, tokens, 3, heads, size).permute(2, 0, 3, 1, 4)
        b.keys[:, :, at : at + tokens] = rotate(qkv[1], at)
        b.values[:, :, at : at + tokens] = qkv[2]
        scores = rotate(qkv[0], at) @ b.keys[:, :, : at + tokens].transpose(-1, -2) / math.sqrt(size)
        if tokens > 1:
            scores = scores + torch.full((tokens, tokens), -math.inf).triu(1)
        mixed = (scores.softmax(-1) @ b.values[:, :, : at + tokens]).transpose(1, 2).reshape(batch, tokens, hidden)
        x = x + linear(mixed, b.out)
        gate, up = linear(rms_norm(x, b.norm2), b.gate_up).chunk(2, -1)
        x = x + linear(F.silu(gate) * up, b.down)
    return linear(rms_norm(x[:, -1:], final), head)[:, 0]


@torch.no_grad()
def generate(tokens):
    ids, at = prompts, 0
    for _ in range(tokens):
        probability = forward(ids, at).softmax(-1)
        at += ids.shape[1]
        ids = torch.multinomial(probability, 1)
        probability.gather(1, ids).log()


def measure(work, seconds, chunk):
    work()
    before = time.perf_counter()
    work()
    count = max(1, math.ceil(chunk / (time.perf_counter() - before)))
    wall, processor = [], []
    end = time.perf_counter() + seconds
    while not wall or time.perf_counter() < end:
        w, p = time.perf_counter(), time.process_time()
        for _ in range(count):
            work()
        wall.append((time.perf_counter() - w) / count)
        processor.append((time.process_time() - p) / count)
    return {"wall": wall, "processor": processor}


batches = measure(lambda: generate(new), seconds, 0.5)
first = measure(lambda: generate(1), seconds / 4, 0.1)
print(
    json.dumps(
        {
            "engine": "PyTorch " + torch.__version__ + " (Python)",
            "batches": batches,
            "first": min(first["wall"]),
            "refresh": 0.0,
            "allocated": 0.0,
            "peakMemory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        }
    )
)
