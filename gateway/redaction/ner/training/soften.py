"""What the teacher says of every row: the small network learns from that beside the labels."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gateway.redaction.ner.labels import LABELS
from gateway.redaction.ner.training import prepare
from gateway.redaction.ner.training.dataset import Row
from gateway.redaction.ner.training.models import Teacher

WINDOW = 126
_FIELDS = ("pieces", "shapes", "known", "gaps")


@torch.no_grad()
def soften(model: Teacher, rows: Sequence[Row], size: int = 6000) -> Any:
    """Probabilities [pieces of all rows in order, labels], half precision; long rows in windows."""
    model.eval()
    starts = np.concatenate([[0], np.cumsum([len(r.pieces) for r in rows])])
    out = np.zeros((starts[-1], LABELS), dtype=np.float16)
    windows = [(i, at) for i, r in enumerate(rows) for at in range(0, len(r.pieces), WINDOW)]
    windows.sort(key=lambda w: min(WINDOW, len(rows[w[0]].pieces) - w[1]))
    began, at = time.time(), 0
    while at < len(windows):
        longest = 0
        group: list[tuple[int, int]] = []
        while at < len(windows):
            length = min(WINDOW, len(rows[windows[at][0]].pieces) - windows[at][1])
            if group and max(longest, length) * (len(group) + 1) > size:
                break
            longest = max(longest, length)
            group.append(windows[at])
            at += 1
        given = np.zeros((5, len(group), longest), dtype=np.int64)
        for number, (index, first) in enumerate(group):
            for field, name in enumerate(_FIELDS):
                part = getattr(rows[index], name)[first : first + WINDOW]
                given[field, number, : len(part)] = part
            given[4, number, : len(part)] = 1
        tensors = [torch.from_numpy(each) for each in given]
        said = torch.softmax(model(tensors[0], tensors[1], tensors[2], tensors[3], tensors[4]), -1).numpy()
        for number, (index, first) in enumerate(group):
            length = min(WINDOW, len(rows[index].pieces) - first)
            out[starts[index] + first : starts[index] + first + length] = said[number, :length]
        if at % 50 < len(group):
            print(f"{at}/{len(windows)} windows {time.time() - began:.0f}s", flush=True)
    return out


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    args = parser.parse_args()
    vocabulary = prepare.vocabulary_of(args.base)
    prepared = prepare.load(args.out / "prepared.pickle", args.data, vocabulary)
    bert: Any = __import__("transformers").BertModel.from_pretrained(str(args.base), add_pooling_layer=False)
    model = Teacher(bert)
    model.load_state_dict(torch.load(args.out / "teacher.pt"))
    np.save(args.out / "soft.npy", soften(model, prepare.taught(prepared, vocabulary, args.data)))


if __name__ == "__main__":
    main()
