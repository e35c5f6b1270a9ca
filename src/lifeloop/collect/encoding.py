"""How the bytes of a text file are to be read, and the file as blocks of UTF-8.

UTF-8 is believed when all of it reads as UTF-8, or all but one sequence in a hundred. Else two-byte Chinese (GB18030) is told
from Western text (CP1252) by whether most of what is not ASCII makes everyday Chinese characters.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from typing import BinaryIO, TypeAlias

OpenBytes: TypeAlias = Callable[[], BinaryIO]

BLOCK_BYTES = 4 << 20
REPLACED = "\ufffd".encode()
_SAMPLE_BYTES = 1 << 18
_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_UNDEFINED_IN_CP1252 = b"\x81\x8d\x8f\x90\x9d"
_COMMON_CHINESE_SHARE = 0.7


def blocks(open_bytes: OpenBytes) -> Iterator[bytes]:
    """Yield a file's bytes in pieces."""
    with open_bytes() as stream:
        while block := stream.read(BLOCK_BYTES):
            yield block


def detect_encoding(open_bytes: OpenBytes) -> str:
    """Return the codec that reads a file, having looked at all of it: utf-8, utf-8-sig, utf-16, gb18030, cp1252, latin-1."""
    with open_bytes() as stream:
        head = stream.read(4096)
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    if wide := _wide_without_mark(head):
        return wide
    good, bad, sample = _utf8_evidence(open_bytes)
    return "utf-8" if bad * 100 <= good else _legacy(sample)


def _wide_without_mark(head: bytes) -> str | None:
    """Return the UTF-16 flavour of text that is mostly ASCII, seen by its zero bytes."""
    half = len(head) // 2
    if half < 4:
        return None
    first, second = head[0::2].count(0), head[1::2].count(0)
    if second > 0.4 * half and first < 0.1 * half:
        return "utf-16-le"
    return "utf-16-be" if first > 0.4 * half and second < 0.1 * half else None


def _utf8_evidence(open_bytes: OpenBytes) -> tuple[int, int, bytes]:
    """Count sequences beyond ASCII that are UTF-8 and those that are not, and keep some bytes around them."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    good, bad, sample = 0, 0, b""
    for block in blocks(open_bytes):
        if block.isascii() and not decoder.getstate()[0]:
            continue
        text = decoder.decode(block)
        wrong = text.count("\ufffd")
        bad += wrong
        good += len(text) - _ascii_length(text) - wrong
        if len(sample) < _SAMPLE_BYTES:
            sample += block[:_SAMPLE_BYTES]
        if bad > 1000 and bad > good:
            break
    return good, bad, sample


def _ascii_length(text: str) -> int:
    return len(text.encode("ascii", "ignore"))


def _legacy(sample: bytes) -> str:
    decoded = sample.decode("gb18030", "replace")
    beyond = [sign for sign in decoded if sign > "\x7f"]
    common = sum(sign != "\ufffd" and _is_common_chinese(sign) for sign in beyond)
    if beyond and common >= _COMMON_CHINESE_SHARE * len(beyond):
        return "gb18030"
    return "latin-1" if any(byte in sample for byte in _UNDEFINED_IN_CP1252) else "cp1252"


def _is_common_chinese(sign: str) -> bool:
    try:
        sign.encode("gb2312")
    except UnicodeEncodeError:
        return False
    return True


def utf8_blocks(open_bytes: OpenBytes, encoding: str, *, lone_returns: bool = False) -> Iterator[bytes]:
    """Yield a text file as UTF-8; what its encoding cannot read becomes U+FFFD, except in UTF-8 itself, which is left alone.

    `lone_returns` says that its lines end with a carriage return only.
    """
    decoder = None if encoding in ("utf-8", "utf-8-sig") else codecs.getincrementaldecoder(encoding)("replace")
    first = True
    for block in blocks(open_bytes):
        data = block if decoder is None else decoder.decode(block).encode()
        if first:
            data = data.removeprefix(codecs.BOM_UTF8)
            first = False
        if data:
            yield data.replace(b"\r", b"\n") if lone_returns else data
    if decoder is not None and (rest := decoder.decode(b"", final=True)):
        yield rest.encode()
