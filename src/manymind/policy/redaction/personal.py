"""What tells of a person and can be known by its form or its check digits."""

from manymind.policy.redaction import checks
from manymind.policy.redaction.rules import Rule, personal

_GAP = r"[ \x{A0}\x{2009}\x{202F}\x{2010}-\x{2015}-]"
"""What people and word processors put between groups of digits."""

_LETTER = r"\p{Latin}\p{Greek}\p{Cyrillic}"
_SIGN = _LETTER + r"\pN"
"""Of scripts that put spaces between words; in others nobody can say where an address begins."""

PERSONAL: tuple[Rule, ...] = (
    personal(
        "email",
        rf"[{_SIGN}][{_SIGN}._%+'-]*@(?:[{_SIGN}-]+\.)+[{_LETTER}]{{2,24}}",
        checks.email,
    ),
    personal("iban", rf"\b[A-Z]{{2}}[0-9]{{2}}(?:{_GAP}?[A-Z0-9]){{11,27}}", checks.iban),
    personal("card", rf"\b[2-6][0-9]{{3}}(?:{_GAP}?[0-9]){{9,15}}\b", checks.card),
    personal("us_ssn", r"\b[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}\b", checks.us_ssn),
    personal(
        "german_tax_id",
        r"\b[1-9][0-9](?:[0-9]{9}| [0-9]{3} [0-9]{3} [0-9]{3})\b",
        checks.german_tax_id,
    ),
    personal(
        "french_nir",
        r"\b[12] ?[0-9]{2} ?(?:0[1-9]|1[0-2]|[2-9][0-9]) ?(?:[0-9]{2}|2[AB]) ?[0-9]{3} ?[0-9]{3}"
        r" ?[0-9]{2}\b",
        checks.french_nir,
    ),
    personal("spanish_id", r"\b(?:[0-9]{8}|[XYZ][0-9]{7})-?[A-HJ-NP-TV-Z]\b", checks.spanish_id),
    personal(
        "italian_code",
        r"\b[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z]\b",
        checks.italian_code,
    ),
    personal("polish_pesel", r"\b[0-9]{11}\b", checks.polish_pesel),
    personal("brazilian_cpf", r"\b[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}\b", checks.brazilian_cpf),
    personal("canadian_sin", r"\b[1-79][0-9]{2}[- ][0-9]{3}[- ][0-9]{3}\b", checks.canadian_sin),
    personal("swedish_number", r"\b(?:[0-9]{2})?[0-9]{6}[-+][0-9]{4}\b", checks.swedish_number),
    personal("indian_aadhaar", r"\b[2-9][0-9]{3}[- ][0-9]{4}[- ][0-9]{4}\b", checks.indian_aadhaar),
    personal(
        "british_nino",
        r"\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?[0-9]{2} ?[0-9]{2} ?[0-9]{2} ?[A-D]\b",
        checks.british_nino,
    ),
    personal(
        "phone",
        rf"\+[1-9][0-9]{{0,2}}(?:{_GAP}?[(]?[0-9]{{1,5}}[)/.]?){{2,7}}"
        r"|(?:\b1[-. ])?(?:\([2-9][0-9]{2}\) ?|\b[2-9][0-9]{2}[-. ])[2-9][0-9]{2}[-. ][0-9]{4}\b",
        checks.phone,
    ),
    personal(
        "ip_address",
        r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b"
        r"|\b(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4}){1,7}\b",
        checks.ip_address,
        "off",
    ),
)
