"""The code page of a text that is not UTF-8: what spreadsheets in Japan, Poland, Türkiye and Russia save as "CSV".

Owns the guess. It looks at bytes alone, and is made for whole files with names in them; a text that shows nothing
of another code page is taken for Windows-1252. The planning page guesses alike (`app/ui/src/data/codepages.ts`).
"""

import numpy as np
from numpy.typing import NDArray

WESTERN, CENTRAL, CYRILLIC, TURKISH, JAPANESE = "cp1252", "cp1250", "cp1251", "cp1254", "cp932"
NAMES = {
    WESTERN: "Windows-1252 (Western)",
    CENTRAL: "Windows-1250 (Central European)",
    CYRILLIC: "Windows-1251 (Cyrillic)",
    TURKISH: "Windows-1254 (Turkish)",
    JAPANESE: "Shift_JIS (Japanese)",
}
LEAD_SHARE = 1 / 3
"""At least so many of a Japanese text's high bytes begin a character; other code pages have rare signs there."""
RUN_SHARE = 0.6
"""At least so many of a Cyrillic text's high bytes are letters, three or more in a row; elsewhere one or two are."""
_CENTRAL_WITHIN_WORDS = np.frombuffer(bytes.fromhex("a3a5afb3b99f8f9d"), np.uint8)
"""Ł Ą Ż ł ą ź Ź ť: signs in Windows-1252, so that no letter follows them there."""
_CENTRAL_TOGETHER = (b"\xec\xf8", b"\xf5\xfb")
"""ě and ř, ő and ű: in Windows-1252 letters of two languages."""
_TURKISH = np.frombuffer(bytes.fromhex("d0dddef0fdfe"), np.uint8)
_NEVER_TURKISH = np.frombuffer(bytes.fromhex("c1c6cdd3dae1e6edf3fa"), np.uint8)
"""Á Æ Í Ó Ú: Icelandic and Czech have them beside the letters that share their bytes with Turkish ones."""


def code_page(content: bytes) -> str:
    """Return the name of the codec that the bytes were most likely written with."""
    text = np.frombuffer(content, np.uint8)
    at = np.flatnonzero(text >= 0x80)
    high = text[at]
    if not high.size:
        return WESTERN
    if np.mean((high >= 0x81) & (high <= 0x9F)) >= LEAD_SHARE and _is_japanese(content):
        return JAPANESE
    if _share_in_runs(at) >= RUN_SHARE and np.mean(high >= 0xC0) >= RUN_SHARE:
        return CYRILLIC
    present = np.bincount(high, minlength=256) > 0
    if _is_central(text, at, high, present):
        return CENTRAL
    if present[_TURKISH].any() and not present[_NEVER_TURKISH].any():
        return TURKISH
    return WESTERN


def _is_japanese(content: bytes) -> bool:
    try:
        content.decode(JAPANESE)
    except UnicodeDecodeError:
        return False
    return True


def _share_in_runs(at: NDArray[np.int64]) -> float:
    """Return the share of the high bytes that stand three or more in a row."""
    lengths = np.diff(np.flatnonzero(np.concatenate(([True], np.diff(at) != 1, [True]))))
    return float(lengths[lengths >= 3].sum() / at.size)


def _is_central(
    text: NDArray[np.uint8], at: NDArray[np.int64], high: NDArray[np.uint8], present: NDArray[np.bool_]
) -> bool:
    if any(all(present[byte] for byte in pair) for pair in _CENTRAL_TOGETHER):
        return True
    signs = at[np.isin(high, _CENTRAL_WITHIN_WORDS)]
    after = text[signs[signs + 1 < text.size] + 1]
    return bool((((after >= ord("a")) & (after <= ord("z"))) | (after >= 0xC0)).any())
