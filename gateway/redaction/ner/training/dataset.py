"""Examples as rows of numbers, and batches of them."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gateway.redaction.ner.labels import LABELS, OUTSIDE, TYPES, begin, inside
from gateway.redaction.ner.training.corpora import Example
from gateway.redaction.ner.words import Reader

EVERY = (1 << LABELS) - 1


@dataclass(frozen=True, slots=True)
class Row:
    """One text: four numbers and the labels it may have for each piece. 0 stands where no label is asked."""

    pieces: Any
    shapes: Any
    known: Any
    gaps: Any
    allowed: Any
    source: str
    soft: Any = None
    """What a teacher says: [pieces, labels], or None."""


def row(example: Example, reader: Reader) -> Row | None:
    """None for a text without words."""
    read = reader.read(example.text)
    if not len(read.starts):
        return None
    free = 1 << OUTSIDE
    for kind in example.absent:
        number = TYPES.index(kind)
        free |= 1 << begin(number) | 1 << inside(number)
    allowed = np.zeros(len(read.pieces), dtype=np.int32)
    spans = sorted(example.spans)
    unknown = sorted(example.unknown)
    for place, start, end in zip(read.firsts, read.starts, read.ends, strict=True):
        mask = free
        for first, last, kind in spans:
            if start < last and end > first:
                number = TYPES.index(kind)
                mask = 1 << (begin(number) if start <= first else inside(number))
                break
        else:
            if any(start < last and end > first for first, last in unknown):
                mask = EVERY
        allowed[place] = mask
    return Row(read.pieces, read.shapes, read.known, read.gaps, allowed, example.source)


def batches(
    rows: Sequence[Row], size: int, longest: int, rng: random.Random, *, forget: float = 0.0
) -> Iterator[tuple[Tensor, ...]]:
    """Shuffled batches of about `size` pieces: pieces, shapes, known, gaps, mask, allowed. `forget`: share of rows whose
    words are all unknown, so that the model does not lean on the lists alone.
    """
    order = list(range(len(rows)))
    rng.shuffle(order)
    for begins in range(0, len(order), 4096):
        chunk = sorted(order[begins : begins + 4096], key=lambda i: len(rows[i].pieces))
        groups: list[list[int]] = [[]]
        for index in chunk:
            widest = min(len(rows[index].pieces), longest)
            if groups[-1] and widest * (len(groups[-1]) + 1) > size:
                groups.append([])
            groups[-1].append(index)
        rng.shuffle(groups)
        for group in groups:
            yield _batch([rows[i] for i in group], longest, rng, forget)


def _batch(group: Sequence[Row], longest: int, rng: random.Random, forget: float) -> tuple[Tensor, ...]:
    width = min(max(len(r.pieces) for r in group), longest)
    out = np.zeros((6, len(group), width), dtype=np.int64)
    begun: list[int] = []
    for number, each in enumerate(group):
        begins = rng.randrange(len(each.pieces) - width + 1) if len(each.pieces) > width else 0
        begun.append(begins)
        part = slice(begins, begins + width)
        length = len(each.pieces[part])
        for field, values in enumerate((each.pieces, each.shapes, each.known, each.gaps)):
            out[field, number, :length] = values[part]
        if forget and rng.random() < forget:
            # "common" stays known: it says what a word is not.
            out[2, number] &= 64
        out[4, number, :length] = 1
        out[5, number, :length] = each.allowed[part]
    tensors = tuple(torch.from_numpy(each) for each in out)
    return (*tensors, _soft(group, begun, width)) if any(r.soft is not None for r in group) else tensors


def _soft(group: Sequence[Row], begun: Sequence[int], width: int) -> Tensor:
    out = np.zeros((len(group), width, LABELS), dtype=np.float32)
    for number, (each, begins) in enumerate(zip(group, begun, strict=True)):
        if each.soft is not None:
            part = each.soft[begins : begins + width]
            out[number, : len(part)] = part
    return torch.from_numpy(out)
