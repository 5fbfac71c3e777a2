"""The two networks: a wide teacher (MiniLM with the features of `words`) and the small one that is shipped."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from gateway.redaction.ner.labels import LABELS
from gateway.redaction.ner.words import FLAGS, GAPS, SHAPES

WIDTH = 192
DILATIONS = (1, 2, 4, 2)


class Features(nn.Module):
    """What is known of a piece besides its letters, added to its vector."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.shape = nn.Embedding(2 * SHAPES, width)
        self.known = nn.Embedding(1 << len(FLAGS), width)
        self.gap = nn.Embedding(GAPS, width)
        for table in (self.shape, self.known, self.gap):
            nn.init.normal_(table.weight, std=0.02)

    def forward(self, shapes: Tensor, known: Tensor, gaps: Tensor) -> Tensor:
        out: Tensor = self.shape(shapes) + self.known(known) + self.gap(gaps)
        return out


class Block(nn.Module):
    """A residual convolution over three neighbours."""

    def __init__(self, width: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.conv = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.drop = nn.Dropout(dropout)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        y = (self.norm(x) * mask).transpose(1, 2)
        return x + self.drop(torch.relu(self.conv(y).transpose(1, 2)))


class Student(nn.Module):
    """Word-piece vectors and features through dilated convolutions: what a label depends on is at most nine pieces away."""

    def __init__(self, vectors: Tensor, dropout: float = 0.25, forget: float = 0.06) -> None:
        """`vectors` [vocabulary, n] stay as they are, so that words never seen in training keep their neighbours.

        What training says of a piece by itself is added to them, from nothing.
        """
        super().__init__()
        self.register_buffer("vectors", vectors, persistent=False)
        self.project = nn.Linear(vectors.shape[1], WIDTH, bias=False)
        self.pieces = nn.Embedding(len(vectors), WIDTH, sparse=True)
        nn.init.zeros_(self.pieces.weight)
        self.forget = forget
        self.features = Features(WIDTH)
        self.drop = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(Block(WIDTH, dilation, dropout) for dilation in DILATIONS)
        self.norm = nn.LayerNorm(WIDTH)
        self.out = nn.Linear(WIDTH, LABELS)

    def forward(self, pieces: Tensor, shapes: Tensor, known: Tensor, gaps: Tensor, mask: Tensor) -> Tensor:
        """[batch, pieces] each -> logits [batch, pieces, LABELS]."""
        m = mask.unsqueeze(-1).to(torch.float32)
        x = self.project(torch.nn.functional.embedding(pieces, self.vectors)) + self.pieces(pieces)
        if self.training:
            # Some pieces unread: then shape and neighbours have to tell.
            x = x * (torch.rand(x.shape[:2]) > self.forget).unsqueeze(-1)
        x = self.drop((x + self.features(shapes, known, gaps)) * m)
        for block in self.blocks:
            x = block(x, m)
        out: Tensor = self.out(self.norm(x))
        return out


class Teacher(nn.Module):
    """MiniLM with features added to its input."""

    def __init__(self, bert: Any, dropout: float = 0.1) -> None:
        super().__init__()
        self.bert = bert
        width = bert.config.hidden_size
        self.features = Features(width)
        self.drop = nn.Dropout(dropout)
        self.out = nn.Linear(width, LABELS)

    def forward(self, pieces: Tensor, shapes: Tensor, known: Tensor, gaps: Tensor, mask: Tensor) -> Tensor:
        """[batch, pieces] each -> logits [batch, pieces, LABELS]."""
        x = self.bert.embeddings.word_embeddings(pieces) + self.features(shapes, known, gaps)
        y = self.bert(inputs_embeds=x, attention_mask=mask).last_hidden_state
        out: Tensor = self.out(self.drop(y))
        return out


@torch.no_grad()
def vectors_of(bert: Any, vocabulary: int) -> Tensor:
    """[vocabulary, 2 x hidden]: each piece as MiniLM reads it in, and as it comes out when it stands alone."""
    table = bert.embeddings.word_embeddings.weight.float()
    out = []
    for start in range(0, vocabulary, 512):
        ids = torch.arange(start, min(start + 512, vocabulary))
        rows = torch.stack([torch.full_like(ids, 101), ids, torch.full_like(ids, 102)], 1)
        hidden = bert(input_ids=rows, output_hidden_states=True).hidden_states
        out.append(torch.stack([hidden[layer][:, 1] for layer in (2, 4, 6)]).mean(0))
    alone = torch.cat(out)
    parts = [(each - each.mean(0)) / each.std() for each in (table, alone)]
    return torch.cat(parts, 1)
