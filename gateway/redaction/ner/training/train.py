"""Training: `python -m gateway.redaction.ner.training.train --data DIR --out DIR [--teacher]`."""

from __future__ import annotations

import argparse
import math
import random
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from gateway.redaction.ner.labels import LABELS, TYPES, inside
from gateway.redaction.ner.training import prepare
from gateway.redaction.ner.training.dataset import Row, batches
from gateway.redaction.ner.training.models import Student, Teacher, vectors_of

TEACHER_SHARE = {
    "docstrings": 0.25, "synthetic en": 0.4, "meddocan": 0.6, "meddocan swapped": 0.2, "ler_de": 0.5, "wikigold swapped": 1.0,
    "wnut17 swapped": 0.5, "btc swapped": 0.4, "crossner swapped": 0.5, "sec": 0.6,
    **dict.fromkeys(("synthetic de", "synthetic fr", "synthetic es", "synthetic it", "synthetic nl"), 0.35),
}  # fmt: skip
"""Share of the rows of a source that the teacher reads: it learns faster from less, and costs ten times as much."""


def loss_of(logits: Tensor, allowed: Tensor, soft: Tensor | None = None, weight: float = 0.6) -> Tensor:
    """-log of the probability that a word has one of the labels it may have; `soft`: what a teacher says of it."""
    asked = allowed > 0
    flat = logits[asked]
    logs = torch.log_softmax(flat, -1)
    bits = (allowed[asked].unsqueeze(-1) >> torch.arange(LABELS)) & 1
    hard = -torch.logsumexp(logs.masked_fill(bits == 0, -1e4), -1)
    if soft is None:
        return hard.mean()
    said = soft[asked]
    share = weight * (said.sum(-1) > 0)
    return ((1 - share) * hard - share * (said * logs).sum(-1)).mean()


def spans_of(labels: np.ndarray[Any, Any]) -> set[tuple[int, int, int]]:
    """(first, past the last, type number) of a row of labels; an entity that begins inside begins."""
    out = set()
    at = 0
    while at < len(labels):
        label = int(labels[at])
        if label <= 0:
            at += 1
            continue
        kind = (label - 1) // 2
        end = at + 1
        while end < len(labels) and labels[end] == inside(kind):
            end += 1
        out.add((at, end, kind))
        at = end
    return out


@torch.no_grad()
def judge(model: nn.Module, rows: list[Row], longest: int = 160) -> dict[str, tuple[float, float, float]]:
    """Strict precision, recall and F1 by type; words the set does not tell count as outside."""
    model.eval()
    found: dict[int, list[int]] = {}
    for pieces, shapes, known, gaps, mask, allowed in batches(rows, 4096, longest, random.Random(0)):
        guesses = model(pieces, shapes, known, gaps, mask).argmax(-1).numpy()
        bits = allowed.numpy()
        for guess, true in zip(guesses, bits, strict=True):
            asked = true > 0
            every = true[asked] == (1 << LABELS) - 1
            gold = np.array([(int(t) & -int(t)).bit_length() - 1 for t in true[asked]])
            ours = guess[asked].copy()
            ours[every] = gold[every] = 0
            free = (true[asked] & 1) == 1
            absent = free & (((true[asked] >> ours) & 1) == 1)
            ours[absent] = 0
            a, b = spans_of(ours), spans_of(gold)
            for span in a | b:
                row = found.setdefault(span[2], [0, 0, 0])
                row[0] += span in a and span in b
                row[1] += span in a
                row[2] += span in b
    out = {}
    for kind, (right, ours_n, gold_n) in sorted(found.items()):
        p, r = right / max(ours_n, 1), right / max(gold_n, 1)
        out[TYPES[kind]] = (p, r, 2 * p * r / max(p + r, 1e-9))
    return out


def report(name: str, model: nn.Module, watch: dict[str, list[Row]]) -> None:
    """One line for each set."""
    for part, rows in watch.items():
        scores = judge(model, rows)
        line = "  ".join(f"{k[:3]} {p:.2f}/{r:.2f}/{f:.2f}" for k, (p, r, f) in scores.items() if k in TYPES[:4])
        print(f"{name:10} {part:20} {line}", flush=True)


def train(args: argparse.Namespace) -> None:
    """One model, from the mixture to a checkpoint after each epoch."""
    torch.manual_seed(prepare.SEED)
    torch.set_num_threads(args.threads)
    vocabulary = prepare.vocabulary_of(args.base)
    prepared = prepare.load(args.out / "prepared.pickle", args.data, vocabulary)
    print(f"{len(prepared.train)} rows, {sum(len(r.pieces) for r in prepared.train)} pieces", flush=True)
    bert: Any = None
    if args.teacher:
        bert = __import__("transformers").BertModel.from_pretrained(
            str(args.base), add_pooling_layer=False, attn_implementation="sdpa"
        )
        model: nn.Module = Teacher(bert)
        optimisers: list[Any] = [
            torch.optim.AdamW(
                [
                    {"params": model.bert.parameters(), "lr": args.rate or 1e-4},
                    {"params": [*model.features.parameters(), *model.out.parameters()], "lr": 1e-3},
                ],
                weight_decay=0.01,
            )
        ]
    else:
        vectors = base_vectors(args.base, args.out, len(vocabulary))
        model = Student(vectors)
        dense = [value for name, value in model.named_parameters() if name != "pieces.weight"]
        optimisers = [
            torch.optim.AdamW(dense, lr=args.rate or 2e-3, weight_decay=0.01),
            torch.optim.SparseAdam([model.pieces.weight], lr=(args.rate or 2e-3) / 2),
        ]
    rng = random.Random(prepare.SEED)
    rows = prepared.train
    if args.teacher:
        rows = [r for r in rows if rng.random() < TEACHER_SHARE.get(r.source, 0.6 if "recased" in r.source else 1)]
    if args.soft:
        soft = np.load(args.soft, mmap_mode="r")
        asked = prepare.taught(prepared, vocabulary, args.data)
        ends = np.cumsum([len(r.pieces) for r in asked])
        said = [replace(r, soft=soft[end - len(r.pieces) : end]) for r, end in zip(asked, ends, strict=True)]
        known = {id(r) for r in asked}
        rows = [*(r for r in rows if id(r) not in known), *said]
    pieces_total = sum(min(len(r.pieces), args.longest) for r in rows)
    print(f"{len(rows)} rows, {pieces_total} pieces to read", flush=True)
    steps = math.ceil(pieces_total / args.size * 1.08) * args.epochs
    step = 0
    if args.start:
        model.load_state_dict(torch.load(args.start))
    base_rates = [[g["lr"] for g in o.param_groups] for o in optimisers]
    began = time.time()
    for epoch in range(args.epochs):
        model.train()
        total = 0.0
        for number, batch in enumerate(batches(rows, args.size, args.longest, rng, forget=0.3)):
            pieces, shapes, known, gaps, mask, allowed = batch[:6]
            done = (time.time() - began) / 60 / args.minutes if args.minutes else step / steps
            if args.minutes and done >= 1:
                break
            scale = min(1.0, (step + 1) / 200) * max(0.02, 0.5 * (1 + math.cos(math.pi * min(1.0, done))))
            for optimiser, rates in zip(optimisers, base_rates, strict=True):
                for group, rate in zip(optimiser.param_groups, rates, strict=True):
                    group["lr"] = rate * scale
            loss = loss_of(model(pieces, shapes, known, gaps, mask), allowed, batch[6] if len(batch) > 6 else None)
            for optimiser in optimisers:
                optimiser.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(
                [p for p in model.parameters() if p.grad is not None and not p.grad.is_sparse], 1.0
            )
            for optimiser in optimisers:
                optimiser.step()
            step += 1
            if args.steps and step >= args.steps:
                break
            total += loss.item()
            if number % 200 == 199:
                print(
                    f"epoch {epoch} step {step}/{steps} loss {total / 200:.4f} {time.time() - began:.0f}s", flush=True
                )
                total = 0.0
            if args.save_every and step % args.save_every == 0:
                torch.save(model.state_dict(), args.out / f"{args.name}.pt")
        torch.save(model.state_dict(), args.out / f"{args.name}.pt")
        report(f"epoch {epoch}", model, prepared.watch)
        if args.minutes and time.time() - began >= 60 * args.minutes:
            break


def base_vectors(base: Path, out: Path, vocabulary: int) -> Tensor:
    """The fixed vectors of all pieces, computed once."""
    kept = out / "vectors.pt"
    if not kept.exists():
        bert: Any = __import__("transformers").BertModel.from_pretrained(str(base), add_pooling_layer=False)
        torch.save(vectors_of(bert.eval(), vocabulary), kept)
    vectors: Tensor = torch.load(kept)
    return vectors


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True, help="folder of all-MiniLM-L6-v2")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--teacher", action="store_true")
    parser.add_argument("--name", default="student")
    parser.add_argument(
        "--minutes", type=float, default=0, help="stop after so long, the rate falling to its end by then"
    )
    parser.add_argument("--steps", type=int, default=0, help="stop after so many")
    parser.add_argument("--soft", type=Path, help="what a teacher says, from `soften`")
    parser.add_argument("--start", type=Path, help="a checkpoint to go on from")
    parser.add_argument("--epochs", type=int, default=6)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--size", type=int, default=2048, help="pieces in a batch")
    parser.add_argument("--longest", type=int, default=128)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--save-every", type=int, default=500)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
