"""Names of people: which letters they may have, how they are stored, compared and printed."""

from __future__ import annotations

import unicodedata

from ..errors import Fault

_LATIN = "abcdefghijklmnopqrstuvwxyzđ"
_VOWELS = "aăâeêioôơuưy"
_TONES = ("", "\u0300", "\u0301", "\u0303", "\u0309", "\u0323")
_HIGHLAND = "ƀčñńğḃḅṛṭḷṃṇ"
"""Consonants of Ê Đê, Gia Rai, Ba Na, M'nông, Cơ Ho and of Chăm in Latin letters."""
_SHORT, _LONG, _BREVE_CONSONANTS = "\u0306", "\u0304", "cjn"
"""Highland orthographies mark a short vowel with a breve, also on ê ô ơ ư, which Unicode only has as a pair."""
_APOSTROPHES = "'\u2019\u02bc"
_JOINERS = frozenset(" -" + _APOSTROPHES)
_LENGTH = range(2, 101)
_PLAIN_APOSTROPHE = dict.fromkeys(map(ord, _APOSTROPHES[1:]), "'")


def _alphabet() -> frozenset[str]:
    small = set(_LATIN) | set(_HIGHLAND)
    small.update(vowel + tone for vowel in _VOWELS for tone in _TONES)
    small.update(vowel + mark for vowel in _VOWELS for mark in (_SHORT, _LONG))
    small.update(consonant + _SHORT for consonant in _BREVE_CONSONANTS)
    composed = {unicodedata.normalize("NFC", letter) for letter in small}
    return frozenset(composed | {unicodedata.normalize("NFC", letter.upper()) for letter in composed})


ALPHABET = _alphabet()
"""Every letter a name may have, both cases, NFC; some are a letter with a combining mark. Cover fonts hold them all."""


def clean_name(text: str) -> str:
    """A name as it is stored: NFC, single spaces, none at the ends; otherwise as typed."""
    return " ".join(part for part in unicodedata.normalize("NFC", text).replace("\u00a0", " ").split(" ") if part)


def _letters(name: str) -> list[str]:
    """The characters as a reader counts them: each with the combining marks that follow it."""
    letters: list[str] = []
    for char in name:
        if unicodedata.combining(char) and letters:
            letters[-1] += char
        else:
            letters.append(char)
    return letters


def name_fault(text: str, field: str) -> Fault | None:
    """What is wrong with a cleaned name, if anything.

    Codes: NAME_LENGTH outside 2..100 characters; NAME_INVALID for anything but letters of `ALPHABET`, spaces,
    apostrophes and hyphens, or a name that does not begin and end with a letter.
    """
    letters = _letters(text)
    if len(letters) not in _LENGTH:
        return Fault(field, "NAME_LENGTH", "Họ và tên có từ 2 đến 100 ký tự.")
    strange = any(letter not in ALPHABET and letter not in _JOINERS for letter in letters)
    if strange or letters[0] in _JOINERS or letters[-1] in _JOINERS:
        message = "Họ và tên chỉ gồm chữ cái tiếng Việt hoặc tiếng dân tộc, dấu cách, dấu nháy và gạch nối."
        return Fault(field, "NAME_INVALID", message)
    return None


def printed_name(text: str) -> str:
    """A name as it stands on the cover sheet: upper case with marks, NFC, single spaces (QĐ 1035 Art. 4)."""
    return unicodedata.normalize("NFC", clean_name(text).upper())


def same_name(one: str, other: str) -> bool:
    """Whether two spellings are one name: case, spaces, kind of apostrophe and place of the tone mark do not count.

    `Hoà` and `Hòa` are the old and the new way to write one syllable; a syllable has only one tone.
    """
    return one == other or _key(one) == _key(other)


def _key(text: str) -> list[tuple[str, str]]:
    words = unicodedata.normalize("NFD", clean_name(text).casefold().translate(_PLAIN_APOSTROPHE)).split(" ")
    return [("".join(c for c in word if c not in _TONES), "".join(c for c in word if c in _TONES)) for word in words]
