"""Small models with real files: a word-level tokenizer, an ONNX graph of a few operators, and the same sums in NumPy.

A token's hidden state is its row of a table plus the mean of the rows that attention lets in, so that padding and masks
that were wrong would be seen.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers, processors

WORDS = """
    [PAD] [CLS] [SEP] [UNK] [MASK] [unused0] [unused1] red green blue apple pear stone water fire cold warm . , ! probe
    query passage : PERSON
    """.split()  # noqa: SIM905 - a list of quoted words does not read
WIDTH = 6

Array = NDArray[np.float32]


def number(word: str) -> int:
    return WORDS.index(word)


def table(seed: int = 1, width: int = WIDTH) -> Array:
    return np.random.default_rng(seed).normal(size=(len(WORDS), width)).astype(np.float32)


def hidden(ids: Sequence[int], mask: Sequence[int] | None = None, seed: int = 1) -> Array:
    """(tokens, WIDTH), as the graph computes it."""
    rows = table(seed)[list(ids)]
    inside = np.asarray(mask if mask is not None else [1] * len(ids), np.float32)[:, None]
    summed: Array = rows + (rows * inside).sum(axis=0) / inside.sum()
    return summed


def write_tokenizer(folder: Path) -> None:
    tokenizer = Tokenizer(models.WordLevel({word: at for at, word in enumerate(WORDS)}, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", number("[CLS]")), ("[SEP]", number("[SEP]"))],
    )
    # As published ones do; the code must cut and pad by its own measure.
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=7)
    tokenizer.save(str(folder / "tokenizer.json"))


def write_config(folder: Path, name: str, content: Any) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), "utf-8")


class Graph:
    """Nodes and constants of a model in the making."""

    def __init__(self, *, types: bool, mask: bool = True) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []
        names = ["input_ids", *(["attention_mask"] if mask else []), *(["token_type_ids"] if types else [])]
        self.inputs = [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in names]

    def constant(self, name: str, value: Any) -> str:
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def add(self, kind: str, inputs: Sequence[str], output: str, **attributes: Any) -> str:
        self.nodes.append(helper.make_node(kind, list(inputs), [output], **attributes))
        return output

    def hidden(self, seed: int = 1) -> str:
        """The hidden states; see the head of this file."""
        self.constant("table", table(seed))
        self.constant("axis_last", np.asarray([2], np.int64))
        self.constant("axis_tokens", np.asarray([1], np.int64))
        self.add("Gather", ["table", "input_ids"], "rows")
        self.add("Cast", ["attention_mask"], "mask_float", to=TensorProto.FLOAT)
        self.add("Unsqueeze", ["mask_float", "axis_last"], "inside")
        self.add("Mul", ["rows", "inside"], "kept")
        self.add("ReduceSum", ["kept", "axis_tokens"], "summed", keepdims=1)
        self.add("ReduceSum", ["inside", "axis_tokens"], "count", keepdims=1)
        self.add("Div", ["summed", "count"], "mean")
        return self.add("Add", ["rows", "mean"], "states")

    def save(self, path: Path, outputs: dict[str, list[Any]]) -> None:
        """outputs: name -> shape."""
        for name in outputs:
            if not any(name in node.output for node in self.nodes):
                raise AssertionError(name)
        graph = helper.make_graph(
            self.nodes,
            "small",
            self.inputs,
            [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
            self.constants,
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
        onnx.checker.check_model(model)
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, str(path))


def encoder(folder: Path, *, name: str = "last_hidden_state", types: bool = False, sentence: bool = False) -> Path:
    """A transformer's stand-in: token vectors, and with `sentence` a whole one's too (the tokens' sum)."""
    folder.mkdir(parents=True, exist_ok=True)
    graph = Graph(types=types)
    graph.add("Identity", [graph.hidden()], name)
    outputs: dict[str, list[Any]] = {name: ["batch", "tokens", WIDTH]}
    if sentence:
        graph.add("ReduceSum", ["states", "axis_tokens"], "sentence_embedding", keepdims=0)
        outputs["sentence_embedding"] = ["batch", WIDTH]
    if types:
        # Read, so that it is an input in earnest; adds nothing.
        graph.add("Cast", ["token_type_ids"], "types_float", to=TensorProto.FLOAT)
        graph.add("ReduceSum", ["types_float", "axis_tokens"], "types_sum", keepdims=0)
        outputs["types_sum"] = ["batch"]
    graph.save(folder / "model.onnx", outputs)
    write_tokenizer(folder)
    return folder


VOCABULARY = np.random.default_rng(9).normal(size=(WIDTH, len(WORDS))).astype(np.float32)


def masked_model(folder: Path, *, pooled: bool = False) -> Path:
    """A masked language model: logits over the vocabulary for each token; or already pooled, as some exports are."""
    folder.mkdir(parents=True, exist_ok=True)
    graph = Graph(types=False)
    graph.constant("words", VOCABULARY)
    graph.add("MatMul", [graph.hidden(), "words"], "logits" if not pooled else "each")
    if pooled:
        graph.add("ReduceMax", ["each"], "highest", axes=[1], keepdims=0)
        graph.add("Relu", ["highest"], "sparse_embedding")
    shape: list[Any] = ["batch", len(WORDS)] if pooled else ["batch", "tokens", len(WORDS)]
    graph.save(folder / "model.onnx", {"sparse_embedding" if pooled else "logits": shape})
    write_tokenizer(folder)
    return folder


WEIGHTS = np.random.default_rng(5).normal(scale=0.2, size=len(WORDS)).astype(np.float32)


def classifier(folder: Path, *, classes: int = 1) -> Path:
    """A cross-encoder: the sum of each token's weight, twice where its type is 1; class k gets k + 1 times that."""
    folder.mkdir(parents=True, exist_ok=True)
    graph = Graph(types=True)
    graph.constant("weights", WEIGHTS)
    graph.constant("one", np.asarray(1, np.float32))
    graph.constant("factors", np.arange(1, classes + 1, dtype=np.float32))
    graph.constant("axis", np.asarray([1], np.int64))
    graph.add("Gather", ["weights", "input_ids"], "each")
    graph.add("Cast", ["attention_mask"], "inside", to=TensorProto.FLOAT)
    graph.add("Cast", ["token_type_ids"], "second", to=TensorProto.FLOAT)
    graph.add("Add", ["second", "one"], "twice")
    graph.add("Mul", ["each", "inside"], "kept")
    graph.add("Mul", ["kept", "twice"], "weighed")
    graph.add("ReduceSum", ["weighed", "axis"], "sum", keepdims=1)
    graph.add("Mul", ["sum", "factors"], "logits")
    graph.save(folder / "model.onnx", {"logits": ["batch", classes]})
    write_tokenizer(folder)
    return folder
