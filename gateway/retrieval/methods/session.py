"""Running an ONNX model over tokens, in threads beside the event loop. Keeper here of onnxruntime and tokenizers."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from gateway.errors import BadSettings
from gateway.retrieval.methods.folder import HINT, fingerprint, model_file, tokenizer_file, verify

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

T = TypeVar("T")

KNOWN: Final = frozenset({"input_ids", "attention_mask", "token_type_ids"})
RUN_TOKENS: Final = 512
"""Tokens in one run, padding included: longer runs leave the processor's cache, and a question waits for one."""


class Model:
    """One folder's model and tokenizer. Both load at first use, or in `start`.

    setting: named in errors. threads: used inside one run; two runs may go on at once. Raises BadSettings when the
    folder lacks a file.
    """

    def __init__(self, folder: Path, setting: str, *, threads: int = 1) -> None:
        self.folder = folder
        self.setting = setting
        self._file = model_file(folder, setting)
        self.fingerprint = fingerprint(folder, self._file)
        self._threads = threads
        self._pool = ThreadPoolExecutor(2, thread_name_prefix=setting.rpartition(".")[0] or setting)
        self._loading = threading.Lock()
        self._session: Any = None
        self._tokenizer: Any = None

    async def start(self) -> None:
        """Checks the folder against its checksums and loads it. Raises BadSettings."""
        await self.apart(verify, self.folder)
        await self.apart(self.load)

    async def apart(self, work: Callable[..., T], *values: Any) -> T:
        """Runs `work` in one of the model's threads."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *values)

    def close(self) -> None:
        """Ends the threads; a run under way finishes."""
        self._pool.shutdown(wait=True, cancel_futures=True)
        self._session = None

    # --- in a thread of the model -----------------------------------------------------------------------------------

    def load(self) -> Any:
        """The session. Raises BadSettings for a file that does not load or wants inputs unknown here."""
        with self._loading:
            if self._session is None:
                self._tokenizer = self._open_tokenizer()
                self._session = self._open()
            return self._session

    @property
    def tokenizer(self) -> Any:
        """The `tokenizers.Tokenizer`, without truncation and padding; its users cut and pad by hand."""
        self.load()
        return self._tokenizer

    def outputs(self) -> list[tuple[str, int]]:
        """(name, number of axes) of each output; -1 axes where the file does not say."""
        return [(out.name, len(out.shape) if out.shape is not None else -1) for out in self.load().get_outputs()]

    def run(
        self,
        rows: Sequence[Sequence[int]],
        name: str,
        *,
        types: Sequence[Sequence[int]] | None = None,
        masks: Sequence[Sequence[int]] | None = None,
    ) -> NDArray[np.float32]:
        """The output `name` for token ids, padded to the longest row: float32 of (rows, ...).

        types: token types, 0 where not given; masks: attention, 1 where not given. Padding has attention 0.
        """
        import numpy as np  # noqa: PLC0415

        session = self.load()
        shape = (len(rows), max(len(row) for row in rows))
        wanted = {item.name for item in session.get_inputs()}
        feed = {key: np.zeros(shape, np.int64) for key in wanted}
        for at, row in enumerate(rows):
            feed["input_ids"][at, : len(row)] = row
            if "attention_mask" in feed:
                feed["attention_mask"][at, : len(row)] = 1 if masks is None else masks[at]
            if "token_type_ids" in feed and types is not None:
                feed["token_type_ids"][at, : len(row)] = types[at]
        found: NDArray[np.float32] = session.run([name], feed)[0].astype(np.float32, copy=False)
        return found

    def _open(self) -> Any:
        import onnxruntime  # noqa: PLC0415

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.inter_op_num_threads = 1
        options.enable_cpu_mem_arena = False
        options.log_severity_level = 3
        try:
            session = onnxruntime.InferenceSession(str(self._file), options, providers=["CPUExecutionProvider"])
        except Exception:  # noqa: BLE001 - the runtime raises classes of its own, which quote the file
            raise BadSettings(f"{self.setting}: {self._file} does not load", hint=HINT) from None
        inputs = {item.name for item in session.get_inputs()}
        strange = sorted(inputs - KNOWN)
        if strange or "input_ids" not in inputs:
            told = f"wants {', '.join(strange)}" if strange else "has no input_ids"
            raise BadSettings(f"{self.setting}: the model {told}", hint="export it as an encoder; " + HINT)
        if any(item.type != "tensor(int64)" for item in session.get_inputs()):
            raise BadSettings(f"{self.setting}: the model's inputs are not 64-bit integers", hint=HINT)
        return session

    def _open_tokenizer(self) -> Any:
        from tokenizers import Tokenizer  # noqa: PLC0415

        path = tokenizer_file(self.folder)
        try:
            tokenizer = Tokenizer.from_file(str(path))
        except Exception:  # noqa: BLE001 - the library raises bare Exception
            raise BadSettings(f"{self.setting}: {path} is no tokenizer", hint=HINT) from None
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return tokenizer


def runs(lengths: Sequence[int], tokens: int = RUN_TOKENS) -> list[list[int]]:
    """Places of texts to run together: equal lengths side by side, at most `tokens` with padding, one at least."""
    order = sorted(range(len(lengths)), key=lambda place: lengths[place])
    found: list[list[int]] = []
    for place in order:
        # Ascending, so that the newest is the longest of its run.
        if found and (len(found[-1]) + 1) * lengths[place] <= tokens:
            found[-1].append(place)
        else:
            found.append([place])
    return found


def output_of(model: Model, names: Sequence[str], axes: int) -> str | None:
    """The model's output for a purpose: the first of `names` it has, else its first with that many axes."""
    have = model.outputs()
    for name in names:
        if any(name == other and rank in (axes, -1) for other, rank in have):
            return name
    return next((name for name, rank in have if rank == axes), None)
