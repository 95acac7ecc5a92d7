"""Trains a Llama of random weights with PyTorch alone: what 'save4j bench train --rival' compares with.

Arguments: hidden, layers, heads, feed-forward, vocabulary, tied (0 or 1), batch, length, threads, seconds.
Query, key and value are one product, and so are gate and up. Prints one line of JSON.
"""
import json
import math
import resource
import sys
import time

began = time.time()
import torch
import torch.nn.functional as F

hidden, layers, heads, wide, vocabulary, tied, batch, length, threads = map(int, sys.argv[1:10])
seconds = float(sys.argv[10])
torch.set_num_threads(threads)
torch.manual_seed(1)
size = hidden // heads


def weight(*shape):
    return (0.02 * torch.randn(*shape)).requires_grad_()


class Layer:
    def __init__(self):
        self.norm1 = torch.ones(hidden, requires_grad=True)
        self.norm2 = torch.ones(hidden, requires_grad=True)
        self.qkv = weight(3 * hidden, hidden)
        self.out = weight(hidden, hidden)
        self.gate_up = weight(2 * wide, hidden)
        self.down = weight(hidden, wide)


def rms_norm(x, scale):
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5) * scale


embedding = weight(vocabulary, hidden)
head = embedding if tied else weight(vocabulary, hidden)
blocks = [Layer() for _ in range(layers)]
final = torch.ones(hidden, requires_grad=True)
weights = [embedding, final] + ([] if tied else [head]) + [w for b in blocks for w in vars(b).values()]
optimizer = torch.optim.AdamW(weights, lr=1e-4, weight_decay=0.0)

angles = torch.outer(torch.arange(length).float(), 10000.0 ** (-torch.arange(0, size, 2).float() / size))
cos, sin = torch.cat([angles.cos()] * 2, -1), torch.cat([angles.sin()] * 2, -1)
mask = torch.full((length, length), -math.inf).triu(1)
ids = torch.randint(vocabulary, (batch, length))


def rotate(x):
    return x * cos + torch.cat([-x[..., size // 2 :], x[..., : size // 2]], -1) * sin


def loss():
    x = F.embedding(ids, embedding)
    for b in blocks:
        qkv = F.linear(rms_norm(x, b.norm1), b.qkv).view(batch, length, 3, heads, size).permute(2, 0, 3, 1, 4)
        scores = rotate(qkv[0]) @ rotate(qkv[1]).transpose(-1, -2) / math.sqrt(size) + mask
        mixed = (scores.softmax(-1) @ qkv[2]).transpose(1, 2).reshape(batch, length, hidden)
        x = x + F.linear(mixed, b.out)
        gate, up = F.linear(rms_norm(x, b.norm2), b.gate_up).chunk(2, -1)
        x = x + F.linear(F.silu(gate) * up, b.down)
    logits = F.linear(rms_norm(x, final), head)
    return F.cross_entropy(logits[:, :-1].reshape(-1, vocabulary), ids[:, 1:].reshape(-1))


last, gradients, updates = 0.0, 0.0, 0.0


def step():
    global last, gradients, updates
    began = time.perf_counter()
    value = loss()
    value.backward()
    before = time.perf_counter()
    gradients += before - began
    torch.nn.utils.clip_grad_norm_(weights, 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    updates += time.perf_counter() - before
    last = value.item()


step()
start = time.time() - began
gradients = updates = 0.0
step()
before = time.perf_counter()
step()
chunk = max(1, math.ceil(min(1.0, seconds / 2) / (time.perf_counter() - before)))
wall, processor = [], []
end = time.perf_counter() + seconds
while not wall or time.perf_counter() < end:
    w, p = time.perf_counter(), time.process_time()
    for _ in range(chunk):
        step()
    wall.append((time.perf_counter() - w) / chunk)
    processor.append((time.process_time() - p) / chunk)
print(
    json.dumps(
        {
            "engine": "PyTorch " + torch.__version__ + " (Python)",
            "start": start,
            "steps": {"wall": wall, "processor": processor},
            "optimizerShare": updates / (gradients + updates),
            "javaShare": 0.0,
            "peakMemory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
            "loss": last,
        }
    )
)
