"""A map over another embedder: its product, its name, and files that are none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gateway.errors import BadSettings
from gateway.retrieval import AdaptedEmbedder
from gateway.retrieval.methods.adapter import write
from tests.retrieval.methods.planted import Planted, passage

INNER = Planted()


def held(folder: Path, data: bytes) -> Path:
    path = folder / "map.npz"
    path.write_bytes(data)
    return path


async def test_documents_and_questions_go_through_the_map(tmp_path: Path) -> None:
    weights = np.eye(32, dtype=np.float32) + 0.1 * np.random.default_rng(1).normal(size=(32, 32)).astype(np.float32)
    adapted = AdaptedEmbedder(INNER, held(tmp_path, write(weights, INNER.id)))
    await adapted.start()
    plain = (await INNER.embed_documents([passage(1)]))[0]
    expected = np.array([sum(weights[a][b] * plain[b] for b in range(32)) for a in range(32)])
    expected /= np.sqrt((expected**2).sum())
    assert np.allclose((await adapted.embed_documents([passage(1)]))[0], expected, atol=1e-5)
    assert np.allclose(await adapted.embed_query(passage(1)), expected, atol=1e-5)
    assert adapted.id.startswith(f"{INNER.id}+")
    assert " " not in adapted.id
    assert (adapted.dimension, adapted.zone, adapted.endpoint) == (32, INNER.zone, "")
    assert adapted.adapt(np.zeros((0, 32), np.float32)).shape == (0, 32)
    with pytest.raises(BadSettings, match="32 dimensions"):
        adapted.adapt(np.ones((1, 5), np.float32))
    other = AdaptedEmbedder(INNER, held(tmp_path, write(2 * weights, INNER.id)))
    assert other.id != adapted.id


async def test_what_is_no_map_of_this_embedder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        AdaptedEmbedder(INNER, tmp_path / "none.npz")
    square = np.eye(32, dtype=np.float32)
    for data, why in (
        (b"PK no archive", "no adapter"),
        (b"", "no adapter"),
        (write(square, "another"), "another embedder"),
        (write(square[:3], INNER.id), "another embedder"),
        (write(np.full((32, 32), np.nan, np.float32), INNER.id), "another embedder"),
    ):
        with pytest.raises(BadSettings, match=why):
            await AdaptedEmbedder(INNER, held(tmp_path, data)).start()
