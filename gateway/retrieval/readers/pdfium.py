"""PDFium, which Kreuzberg brings along and unpacks once, called directly. Runs in the child.

Kreuzberg gives a page's text; what hides a text (its colour, size, place, render mode, what covers it) only the library
itself tells.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, byref, c_double, c_float, c_int, c_uint, c_ulong, c_void_p
from functools import cache
from pathlib import Path
from typing import Any, Final

from gateway.errors import UnsupportedMedia

BLANK_PDF: Final = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj
trailer<</Root 1 0 R>>
"""
TEXT, PATH, IMAGE, SHADING, FORM = 1, 2, 3, 4, 5
GRAY, BGR = 1, 2
_PASSWORD, _SECURITY = 4, 5
_WIDGET, _LINK, _POPUP = 20, 2, 16
_HIDDEN_FLAG: Final = 2

Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in points."""
Matrix = tuple[float, float, float, float, float, float]


class _Rect(ctypes.Structure):
    _fields_ = (("left", c_float), ("top", c_float), ("right", c_float), ("bottom", c_float))


class _Matrix(ctypes.Structure):
    _fields_ = tuple((name, c_float) for name in "abcdef")


_POINTERS: Final = (
    *("FPDF_LoadMemDocument64", "FPDF_LoadPage", "FPDFText_LoadPage", "FPDFText_GetTextObject", "FPDFPage_GetObject"),
    *("FPDFFormObj_GetObject", "FPDFBitmap_CreateEx", "FPDFBitmap_GetBuffer", "FPDFPage_GetAnnot"),
)
_HANDLES: Final = (
    *("FPDF_CloseDocument", "FPDF_ClosePage", "FPDFText_ClosePage", "FPDFBitmap_Destroy", "FPDFPage_CloseAnnot"),
    *("FPDF_GetPageCount", "FPDFText_CountChars", "FPDFPage_CountObjects", "FPDFPageObj_GetType"),
    *("FPDFTextObj_GetTextRenderMode", "FPDFFormObj_CountObjects", "FPDFBitmap_GetStride", "FPDFBitmap_GetBuffer"),
    *(
        "FPDFPage_GetAnnotCount",
        "FPDFAnnot_GetSubtype",
        "FPDFAnnot_GetFlags",
        "FPDFDoc_GetAttachmentCount",
        "FPDFPageObj_HasTransparency",
    ),
)


@cache
def library() -> Any:
    """The library, ready. Raises UnsupportedMedia where it cannot be found."""
    suffix = "dylib" if sys.platform == "darwin" else "so"
    path = Path(os.environ.get("TMPDIR") or "/tmp") / "kreuzberg-pdfium" / f"libpdfium.{suffix}"  # noqa: S108
    if not path.exists():
        _unpack()
    try:
        found = ctypes.CDLL(str(path))
    except OSError:
        raise UnsupportedMedia("PDF files cannot be read here", hint="run `gateway doctor`") from None
    for name in _POINTERS:
        getattr(found, name).restype = c_void_p
    found.FPDF_LoadMemDocument64.argtypes = [c_void_p, ctypes.c_size_t, ctypes.c_char_p]
    found.FPDF_LoadPage.argtypes = [c_void_p, c_int]
    for name in _HANDLES:
        getattr(found, name).argtypes = [c_void_p]
    found.FPDFText_LoadPage.argtypes = [c_void_p]
    for name in ("FPDFText_GetUnicode", "FPDFText_GetTextObject", "FPDFText_GetFontSize", "FPDFText_IsHyphen"):
        getattr(found, name).argtypes = [c_void_p, c_int]
    found.FPDFText_GetUnicode.restype = c_uint
    found.FPDFText_GetFontSize.restype = c_double
    found.FPDFText_GetCharBox.argtypes = [c_void_p, c_int, *[POINTER(c_double)] * 4]
    found.FPDFText_GetCharOrigin.argtypes = [c_void_p, c_int, *[POINTER(c_double)] * 2]
    found.FPDFText_GetMatrix.argtypes = [c_void_p, c_int, POINTER(_Matrix)]
    found.FPDFText_GetFontInfo.argtypes = [c_void_p, c_int, ctypes.c_char_p, c_ulong, POINTER(c_int)]
    found.FPDFText_GetFontInfo.restype = c_ulong
    for name in ("FPDFPage_GetObject", "FPDFPage_GetAnnot", "FPDFFormObj_GetObject"):
        getattr(found, name).argtypes = [c_void_p, c_int]
    found.FPDFFormObj_GetObject.argtypes = [c_void_p, c_ulong]
    found.FPDFPageObj_GetFillColor.argtypes = [c_void_p, *[POINTER(c_uint)] * 4]
    found.FPDFPageObj_GetBounds.argtypes = [c_void_p, *[POINTER(c_float)] * 4]
    found.FPDFPageObj_GetMatrix.argtypes = [c_void_p, POINTER(_Matrix)]
    found.FPDFPath_GetDrawMode.argtypes = [c_void_p, POINTER(c_int), POINTER(c_int)]
    found.FPDF_GetPageBoundingBox.argtypes = [c_void_p, POINTER(_Rect)]
    for name in ("FPDF_GetPageWidthF", "FPDF_GetPageHeightF"):
        getattr(found, name).argtypes = [c_void_p]
        getattr(found, name).restype = c_float
    found.FPDFBitmap_CreateEx.argtypes = [c_int, c_int, c_int, c_void_p, c_int]
    found.FPDFBitmap_FillRect.argtypes = [c_void_p, c_int, c_int, c_int, c_int, c_ulong]
    found.FPDF_RenderPageBitmap.argtypes = [c_void_p, c_void_p, *[c_int] * 6]
    found.FPDF_PageToDevice.argtypes = [c_void_p, *[c_int] * 5, c_double, c_double, POINTER(c_int), POINTER(c_int)]
    found.FPDF_GetMetaText.argtypes = [c_void_p, ctypes.c_char_p, c_void_p, c_ulong]
    found.FPDF_GetMetaText.restype = c_ulong
    found.FPDFAnnot_GetStringValue.argtypes = [c_void_p, ctypes.c_char_p, c_void_p, c_ulong]
    found.FPDFAnnot_GetStringValue.restype = c_ulong
    found.FPDF_GetLastError.restype = c_ulong
    found.FPDF_InitLibrary()
    return found


def _unpack() -> None:
    import kreuzberg  # noqa: PLC0415

    config = kreuzberg.ExtractionConfig(
        use_cache=False, ocr=None, concurrency=kreuzberg.ConcurrencyConfig(max_threads=1)
    )
    try:
        kreuzberg.extract_bytes_sync(BLANK_PDF, "application/pdf", config)
    except kreuzberg.KreuzbergError:
        raise UnsupportedMedia("PDF files cannot be read here", hint="run `gateway doctor`") from None


@contextmanager
def opened(data: bytes) -> Iterator[Document]:
    """The document while it is read. Raises UnsupportedMedia for one that is damaged or needs a password."""
    lib = library()
    handle = lib.FPDF_LoadMemDocument64(data, len(data), None)
    if not handle:
        if lib.FPDF_GetLastError() in {_PASSWORD, _SECURITY}:
            raise UnsupportedMedia("the document is protected by a password", hint="save it without one")
        raise UnsupportedMedia("the file cannot be read as pdf", hint="it may be damaged")
    try:
        yield Document(lib, handle)
    finally:
        lib.FPDF_CloseDocument(handle)


class Document:
    """One open PDF."""

    def __init__(self, lib: Any, handle: int) -> None:
        self._lib = lib
        self._handle = handle
        self.pages: int = max(0, lib.FPDF_GetPageCount(handle))
        self.embedded: int = max(0, lib.FPDFDoc_GetAttachmentCount(handle))

    def meta(self, name: str) -> str:
        """One entry of the document's information."""
        return _string(self._lib.FPDF_GetMetaText, self._handle, name)

    @contextmanager
    def page(self, index: int) -> Iterator[Page | None]:
        """The page while it is read; None when it cannot be."""
        handle = self._lib.FPDF_LoadPage(self._handle, index)
        text = self._lib.FPDFText_LoadPage(handle) if handle else None
        try:
            yield Page(self._lib, handle, text) if text else None
        finally:
            if text:
                self._lib.FPDFText_ClosePage(text)
            if handle:
                self._lib.FPDF_ClosePage(handle)


class Page:
    """One open page: characters with their place, objects in the order they are painted, and a picture of it."""

    def __init__(self, lib: Any, handle: int, text: int) -> None:
        self._lib = lib
        self._handle = handle
        self._text = text
        self._edges = tuple(c_double() for _ in range(4))
        self._edge_pointers = tuple(map(byref, self._edges))
        self.characters: int = max(0, lib.FPDFText_CountChars(text))
        self.width: float = lib.FPDF_GetPageWidthF(handle)
        self.height: float = lib.FPDF_GetPageHeightF(handle)
        box = _Rect()
        lib.FPDF_GetPageBoundingBox(handle, byref(box))
        self.box: Box = (box.left, box.bottom, box.right, box.top)

    def character(self, index: int) -> tuple[str, int | None]:
        """(character, its text object); a character that PDFium made up (a space, a line's end) has none."""
        code = self._lib.FPDFText_GetUnicode(self._text, index)
        mark = chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"
        return mark, self._lib.FPDFText_GetTextObject(self._text, index)

    def hyphen(self, index: int) -> bool:
        """Whether the character only breaks a word at a line's end."""
        return bool(self._lib.FPDFText_IsHyphen(self._text, index) == 1)

    def place(self, index: int) -> Box:
        """A character's box."""
        left, right, bottom, top = self._edges
        self._lib.FPDFText_GetCharBox(self._text, index, *self._edge_pointers)
        return left.value, bottom.value, right.value, top.value

    def baseline(self, index: int) -> float:
        """The height of the line that a character stands on."""
        x, y = c_double(), c_double()
        self._lib.FPDFText_GetCharOrigin(self._text, index, byref(x), byref(y))
        return y.value

    def size(self, index: int) -> float:
        """A character's height as painted, in points."""
        matrix = _Matrix()
        scale = 1.0
        if self._lib.FPDFText_GetMatrix(self._text, index, byref(matrix)):
            scale = abs(matrix.a * matrix.d - matrix.b * matrix.c) ** 0.5
        return float(self._lib.FPDFText_GetFontSize(self._text, index)) * scale

    def bold(self, index: int) -> bool:
        """Whether the font's name says so."""
        name = ctypes.create_string_buffer(128)
        self._lib.FPDFText_GetFontInfo(self._text, index, name, 128, byref(c_int()))
        return any(word in name.value.lower() for word in (b"bold", b"black", b"heavy"))

    def mode(self, handle: int) -> int:
        """A text object's render mode; 3 paints nothing."""
        return int(self._lib.FPDFTextObj_GetTextRenderMode(handle))

    def ink(self, handle: int) -> tuple[int, int, int, int]:
        """Red, green, blue and opacity of what fills an object."""
        parts = [c_uint() for _ in range(4)]
        if not self._lib.FPDFPageObj_GetFillColor(handle, *map(byref, parts)):
            return 0, 0, 0, 255
        red, green, blue, alpha = (part.value for part in parts)
        return red, green, blue, alpha

    def objects(self, most: int) -> Iterator[tuple[int, int, Box]]:
        """(handle, type, box) in painting order, those of forms among them; at most `most`."""
        lib, left = self._lib, most
        identity: Matrix = (1, 0, 0, 1, 0, 0)
        count = lib.FPDFPage_CountObjects(self._handle)
        todo = [(iter([lib.FPDFPage_GetObject(self._handle, n) for n in range(min(count, most))]), identity)]
        while todo and left > 0:
            inner, matrix = todo[-1]
            handle = next(inner, None)
            if handle is None:
                todo.pop()
                continue
            left -= 1
            kind = lib.FPDFPageObj_GetType(handle)
            if kind == FORM and len(todo) < 8:
                own = _Matrix()
                lib.FPDFPageObj_GetMatrix(handle, byref(own))
                many = min(max(0, lib.FPDFFormObj_CountObjects(handle)), most)
                inside = [lib.FPDFFormObj_GetObject(handle, n) for n in range(many)]
                todo.append((iter(inside), _times((own.a, own.b, own.c, own.d, own.e, own.f), matrix)))
                continue
            edges = [c_float() for _ in range(4)]
            if lib.FPDFPageObj_GetBounds(handle, *map(byref, edges)):
                yield handle, kind, _moved([edge.value for edge in edges], matrix)

    def filled(self, handle: int) -> bool:
        """Whether a path's inside is painted."""
        mode, stroke = c_int(), c_int()
        return bool(self._lib.FPDFPath_GetDrawMode(handle, byref(mode), byref(stroke)) and mode.value)

    def annotations(self) -> Iterator[tuple[bool, str, str]]:
        """(whether it is a form field that is shown, its name, its text)."""
        for index in range(min(max(0, self._lib.FPDFPage_GetAnnotCount(self._handle)), 5000)):
            handle = self._lib.FPDFPage_GetAnnot(self._handle, index)
            if not handle:
                continue
            kind = self._lib.FPDFAnnot_GetSubtype(handle)
            read = self._lib.FPDFAnnot_GetStringValue
            if kind == _WIDGET:
                shown = not self._lib.FPDFAnnot_GetFlags(handle) & _HIDDEN_FLAG
                yield shown, _string(read, handle, "T"), _string(read, handle, "V")
            elif kind not in {_LINK, _POPUP}:
                yield False, "", _string(read, handle, "Contents")
            self._lib.FPDFPage_CloseAnnot(handle)

    def picture(self, scale: float, kind: int = BGR) -> tuple[bytes, int, int, int]:
        """(pixels, width, height, bytes per row) at `scale` pixels per point, at most 6000 to a side."""
        lib = self._lib
        scale = min(scale, 6000 / max(self.width, self.height, 1))
        width, height = max(1, round(self.width * scale)), max(1, round(self.height * scale))
        bitmap = lib.FPDFBitmap_CreateEx(width, height, kind, None, 0)
        if not bitmap:
            raise MemoryError
        try:
            lib.FPDFBitmap_FillRect(bitmap, 0, 0, width, height, 0xFFFFFFFF)
            lib.FPDF_RenderPageBitmap(bitmap, self._handle, 0, 0, width, height, 0, 0)
            stride = lib.FPDFBitmap_GetStride(bitmap)
            return ctypes.string_at(lib.FPDFBitmap_GetBuffer(bitmap), stride * height), width, height, stride
        finally:
            lib.FPDFBitmap_Destroy(bitmap)

    def pixel(self, x: float, y: float, width: int, height: int) -> tuple[int, int]:
        """Where a point of the page lies in a picture of this size."""
        across, down = c_int(), c_int()
        self._lib.FPDF_PageToDevice(self._handle, 0, 0, width, height, 0, x, y, byref(across), byref(down))
        return across.value, down.value


def _string(read: Any, handle: int, name: str) -> str:
    length = read(handle, name.encode(), None, 0)
    if not 2 < length < 1 << 22:
        return ""
    raw = ctypes.create_string_buffer(length)
    read(handle, name.encode(), raw, length)
    return raw.raw[: length - 2].decode("utf-16-le", "replace")


def _times(one: Matrix, other: Matrix) -> Matrix:
    a, b, c, d, e, f = one
    g, h, i, j, k, m = other
    return a * g + b * i, a * h + b * j, c * g + d * i, c * h + d * j, e * g + f * i + k, e * h + f * j + m


def _moved(edges: list[float], matrix: Matrix) -> Box:
    left, bottom, right, top = edges
    a, b, c, d, e, f = matrix
    corners = [(a * x + c * y + e, b * x + d * y + f) for x in (left, right) for y in (bottom, top)]
    return (
        min(x for x, _ in corners),
        min(y for _, y in corners),
        max(x for x, _ in corners),
        max(y for _, y in corners),
    )
