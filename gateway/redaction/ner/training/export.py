"""A checkpoint into the two files that ship: `names.onnx` (int8) and `names.npz` (word pieces, hashes of known words)."""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch

from gateway.redaction.ner.graph import INPUTS, OUTPUT, WITHIN, build, largest
from gateway.redaction.ner.training import prepare
from gateway.redaction.ner.training.dataset import Row
from gateway.redaction.ner.training.models import DILATIONS, WIDTH, Student
from gateway.redaction.ner.training.train import base_vectors

_READ = 3000
"""Texts of the training mixture whose largest values fix the scales of int8."""


def weights_of(model: Student) -> dict[str, Any]:
    """The weights as `graph.build` names them; fixed vectors and their projection are one table."""
    state = {name: value.detach().numpy() for name, value in model.state_dict().items()}
    out = {
        "table": (model.vectors @ model.project.weight.T + model.pieces.weight).detach().numpy(),
        "shape": state["features.shape.weight"],
        "known": state["features.known.weight"],
        "gap": state["features.gap.weight"],
        "norm.weight": state["norm.weight"],
        "norm.bias": state["norm.bias"],
        "out.weight": state["out.weight"].T,
        "out.bias": state["out.bias"],
    }
    for number in range(len(DILATIONS)):
        out[f"norm{number}.weight"] = state[f"blocks.{number}.norm.weight"]
        out[f"norm{number}.bias"] = state[f"blocks.{number}.norm.bias"]
        # [out, in, 3] -> [3 * in, out]
        conv = state[f"blocks.{number}.conv.weight"].transpose(2, 1, 0).reshape(3 * WIDTH, WIDTH)
        out[f"conv{number}.weight"] = conv
        out[f"conv{number}.bias"] = state[f"blocks.{number}.conv.bias"]
    return {name: np.ascontiguousarray(value, dtype=np.float32) for name, value in out.items()}


def export(args: argparse.Namespace) -> None:
    """Write both files; prints how far the graph is from the network, in float and in int8."""
    vocabulary = prepare.vocabulary_of(args.base)
    model = Student(base_vectors(args.base, args.out, len(vocabulary)))
    model.load_state_dict(torch.load(args.out / f"{args.name}.pt"))
    model.eval()
    prepared = prepare.load(args.out / "prepared.pickle", args.data, vocabulary)
    weights = weights_of(model)
    rows = max(prepared.watch["wnut17"][:300], key=lambda r: len(r.pieces))
    given = _inputs(rows)
    tensors = [torch.from_numpy(given[n].astype(np.int64))[None] for n in INPUTS]
    with torch.no_grad():
        mask = torch.ones_like(tensors[0])
        true = torch.softmax(model(tensors[0], tensors[1], tensors[2], tensors[3], mask), -1)[0].numpy()
    runtime: Any = __import__("onnxruntime")
    fed = {name: value[None] for name, value in given.items()} | {WITHIN: np.ones((*tensors[0].shape, 1), np.float32)}
    read = random.Random(prepare.SEED).sample(prepared.train, min(_READ, len(prepared.train)))
    tops = largest(weights, DILATIONS, [_inputs(row) for row in read])
    print("largest values", tops)
    for int8 in (None, tops):
        data = build(weights, DILATIONS, int8)
        ours = runtime.InferenceSession(data, providers=["CPUExecutionProvider"]).run([OUTPUT], fed)[0][0]
        print(f"{'int8' if int8 else 'float'}: {len(data):,} bytes, largest difference {np.abs(ours - true).max():.4f}")
    args.to.mkdir(parents=True, exist_ok=True)
    (args.to / "names.onnx").write_bytes(data)
    hashes = np.array(sorted(prepared.known), dtype=np.uint32)
    flags = np.array([prepared.known[int(h)] for h in hashes], dtype=np.uint8)
    pieces = "\n".join(sorted(vocabulary, key=vocabulary.__getitem__))
    np.savez_compressed(
        args.to / "names.npz", pieces=np.frombuffer(pieces.encode(), np.uint8), hashes=hashes, flags=flags
    )
    print({p.name: p.stat().st_size for p in sorted(args.to.glob("names.*"))})


def _inputs(row: Row) -> dict[str, Any]:
    return {name: getattr(row, name).astype(np.int32) for name in INPUTS}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--base", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="where the checkpoint is")
    parser.add_argument("--name", default="student")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent.parent)
    export(parser.parse_args())


if __name__ == "__main__":
    main()
