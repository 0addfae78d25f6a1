"""Check digits and the like: what tells a card from any other long number. Pure.

Each takes what a pattern has found, and gives how much of it, from its start, is really such a
thing; 0 means that it is none.
"""

import re
from collections import Counter
from collections.abc import Callable
from math import log2
from typing import TypeAlias

Check: TypeAlias = Callable[[str], int]

_BETWEEN = re.compile(r"[\s.\u2009\u202f\u00a0\u2010-\u2015/-]")

_IBAN_LENGTHS = {
    **dict.fromkeys(("NO",), 15),
    **dict.fromkeys(("BE",), 16),
    **dict.fromkeys(("DK", "FI", "FO", "GL", "NL"), 18),
    **dict.fromkeys(("MK", "SI"), 19),
    **dict.fromkeys(("AT", "BA", "EE", "KZ", "LT", "LU", "XK"), 20),
    **dict.fromkeys(("CH", "CR", "HR", "LI", "LV"), 21),
    **dict.fromkeys(("BG", "BH", "DE", "GB", "GE", "IE", "ME", "RS", "VA"), 22),
    **dict.fromkeys(("AE", "GI", "IL", "IQ", "TL"), 23),
    **dict.fromkeys(("AD", "CZ", "ES", "MD", "PK", "RO", "SA", "SE", "SK", "TN", "VG"), 24),
    **dict.fromkeys(("PT", "ST"), 25),
    **dict.fromkeys(("IS", "TR"), 26),
    **dict.fromkeys(("FR", "GR", "IT", "MC", "MR", "SM"), 27),
    **dict.fromkeys(("AL", "AZ", "CY", "DO", "GT", "HU", "LB", "PL", "SV"), 28),
    **dict.fromkeys(("BR", "EG", "PS", "QA", "UA"), 29),
    **dict.fromkeys(("JO", "KW", "MU"), 30),
    **dict.fromkeys(("MT", "SC"), 31),
}

_CARDS = re.compile(
    r"4(\d{12}|\d{15}|\d{18})|(5[1-5]|2[2-7])\d{14}|3[47]\d{13}|3(0[0-5]|[68]\d)\d{11}"
    r"|(6011|65\d\d|64[4-9]\d)\d{12}|35\d{14}|62\d{14,17}"
)

_FILES = re.compile(
    r"png|jpe?g|gif|svg|webp|ico|css|js|mjs|tsx?|jsx|py|rb|go|rs|java|json|ya?ml|toml|md|txt|html?"
    r"|xml|sh|lock|map|scss|less|vue|php|log"
)

_DIGIT, _LETTER = re.compile(r"[0-9]"), re.compile(r"[A-Za-z]")

_DUMMY = re.compile(
    r"(?i)(your|my|the|example|sample|dummy|changeme|change.?me|redacted|placeholder|insert|"
    r"xxx+|\*\*+|\.\.\.|<|\$|%|\{|env\b|none|null|true|false|undefined|test)"
)


def plain(found: str) -> str:
    """Without what people write between digits."""
    return _BETWEEN.sub("", found)


def whole(found: str) -> int:
    """No check: the pattern says it all."""
    return len(found)


def luhn(digits: str) -> bool:
    total = sum(map(int, digits[-1::-2]))
    return (total + sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])) % 10 == 0


def card(found: str) -> int:
    """A payment card: the beginning and the length of a network's, and Luhn's check digit."""
    digits = plain(found)
    right = _CARDS.fullmatch(digits) is not None and luhn(digits) and len(set(digits)) > 1
    return len(found) if right else 0


def iban(found: str) -> int:
    """As many signs as the country's accounts have, and ISO 7064's check; words that stand behind
    an account are no part of it."""
    wanted = _IBAN_LENGTHS.get(found[:2].upper())
    if wanted is None:
        return 0
    seen = ""
    for end, sign in enumerate(found, start=1):
        seen += plain(sign)
        if len(seen) == wanted:
            turned = seen[4:] + seen[:4]
            number = int("".join(str(int(sign, 36)) for sign in turned))
            return end if number % 97 == 1 else 0
    return 0


def us_ssn(found: str) -> int:
    area, group, serial = re.split(r"[^0-9]", found)
    given = area not in ("000", "666") and area < "900" and group != "00" and serial != "0000"
    return len(found) if given else 0


def german_tax_id(found: str) -> int:
    """Eleven digits: of the first ten just one comes twice or three times; ISO 7064, MOD 11,10."""
    digits = plain(found)
    counts = Counter(digits[:10])
    repeated = [times for times in counts.values() if times > 1]
    if len(digits) != 11 or len(repeated) != 1 or repeated[0] > 3:
        return 0
    product = 10
    for digit in digits[:10]:
        total = (int(digit) + product) % 10 or 10
        product = total * 2 % 11
    return len(found) if (11 - product) % 10 == int(digits[10]) else 0


def french_nir(found: str) -> int:
    digits = plain(found).upper()
    number = digits[:13].replace("2A", "19").replace("2B", "18")
    right = number.isdigit() and 97 - int(number) % 97 == int(digits[13:])
    return len(found) if right else 0


def spanish_id(found: str) -> int:
    """DNI and NIE: the letter says what the number leaves when divided by 23."""
    signs = plain(found).upper()
    number = signs[:-1].replace("X", "0").replace("Y", "1").replace("Z", "2")
    right = "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23] == signs[-1]
    return len(found) if right else 0


_ODD_VALUES = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3,
         6, 8, 12, 14, 16, 10, 22, 25, 24, 23),
        strict=True,
    )
)  # fmt: skip


def italian_code(found: str) -> int:
    odd = sum(_ODD_VALUES[sign] for sign in found[0:15:2])
    even = sum(int(sign) if sign.isdigit() else ord(sign) - 65 for sign in found[1:15:2])
    return len(found) if chr(65 + (odd + even) % 26) == found[15] else 0


def polish_pesel(found: str) -> int:
    digits = [int(digit) for digit in found]
    weighed = sum(digit * weight for digit, weight in zip(digits, (1, 3, 7, 9) * 3, strict=False))
    weighed -= digits[10] * 7
    dated = 1 <= digits[2] % 2 * 10 + digits[3] <= 12 and 1 <= digits[4] * 10 + digits[5] <= 31
    return len(found) if dated and (10 - weighed) % 10 == digits[10] else 0


def brazilian_cpf(found: str) -> int:
    digits = [int(digit) for digit in plain(found)]
    if len(set(digits)) == 1:
        return 0
    for end in (9, 10):
        total = sum(d * (end + 1 - n) for n, d in enumerate(digits[:end]))
        if total * 10 % 11 % 10 != digits[end]:
            return 0
    return len(found)


def canadian_sin(found: str) -> int:
    return len(found) if luhn(plain(found)) and found[0] not in "08" else 0


def swedish_number(found: str) -> int:
    digits = plain(found).replace("+", "")[-10:]
    dated = 1 <= int(digits[2:4]) <= 12 and 1 <= int(digits[4:6]) % 60 <= 31
    return len(found) if dated and luhn(digits) else 0


_TURNS = ((1, 5, 7, 6, 2, 8, 3, 0, 9, 4), tuple(range(10)))


def indian_aadhaar(found: str) -> int:
    """Twelve digits with Verhoeff's check."""
    check, turn = 0, list(range(10))
    for digit in reversed(plain(found)):
        check = _dihedral(check, turn[int(digit)])
        turn = [turn[each] for each in _TURNS[0]]
    return len(found) if check == 0 else 0


def _dihedral(a: int, b: int) -> int:
    """The product in the group of the pentagon's turns (0 to 4) and mirrors (5 to 9)."""
    if a < 5:
        return (a + b) % 5 if b < 5 else 5 + (a + b - 5) % 5
    return 5 + (a - 5 - b) % 5 if b < 5 else (a - b) % 5


def british_nino(found: str) -> int:
    never = ("BG", "GB", "KN", "NK", "NT", "TN", "ZZ")
    return 0 if found[:2] in never else len(found)


def phone(found: str) -> int:
    """With a country's number in front, or as North America writes its own. What stands behind
    the fifteenth digit, or the group before it, is another number."""
    if not found.startswith("+"):
        return len(found)
    good = digits = 0
    for end, sign in enumerate(found, start=1):
        if sign.isdigit():
            digits += 1
            if 8 <= digits <= 15 and not found[end : end + 1].isdigit():
                good = end
    return good


def email(found: str) -> int:
    """Not `git@host`, which is an address of code, nor `icon@2x.png`."""
    local, _, host = found.rpartition("@")
    ending = host.rpartition(".")[2].lower()
    return 0 if local == "git" or _FILES.fullmatch(ending) else len(found)


def ip_address(found: str) -> int:
    """Not what every machine calls itself, and no number of a version."""
    if ":" in found:
        return len(found) if found.count(":") >= 3 and found not in ("::1",) else 0
    numbers = [int(each) for each in found.split(".")]
    harmless = numbers[0] in (0, 127, 255) or numbers[0] < 4
    return 0 if harmless or max(numbers) > 255 else len(found)


def entropy(text: str) -> float:
    """How many bits each sign of a text tells, by the text's own letters."""
    counts = Counter(text).values()
    return -sum(n / len(text) * log2(n / len(text)) for n in counts)


def key_like(found: str) -> int:
    """As random as a key is: words with hyphens are none."""
    if _DIGIT.search(found) is None or _LETTER.search(found) is None:
        return 0
    return len(found) if entropy(found[:128]) >= 3.5 else 0


def secret_like(found: str) -> int:
    """What stands behind a name such as api_key, if it looks like a value and not like code."""
    if _DUMMY.match(found) or len(found) < 12:
        return 0
    wordy = "://" in found or found.count(".") > 2 or ("_" in found and found.lower() == found)
    return 0 if wordy else key_like(found)


def password_like(found: str) -> int:
    """What stands behind a name such as password: shorter and less random than a key."""
    if _DUMMY.match(found):
        return 0
    kinds = (str.isdigit, str.islower, str.isupper)
    variety = sum(any(map(kind, found)) for kind in kinds) + (not found.isalnum())
    code = found.endswith((")", "]")) or ("." in found and variety < 3)
    return 0 if code or variety < 2 or not any(map(str.isalpha, found)) else len(found)


def not_dummy(found: str) -> int:
    """A password in an address, unless a variable or an example stands there."""
    return 0 if _DUMMY.match(found) or found.lower() in ("password", "pass", "pw") else len(found)
