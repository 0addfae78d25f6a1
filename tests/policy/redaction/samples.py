"""Examples of all that is looked for, made up at run time: none of them is anybody's, and none
stands in a file where a scanner of secrets would stumble over it."""

import string
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from random import Random
from typing import TypeAlias

Make: TypeAlias = Callable[[Random], str]

LETTERS, DIGITS = string.ascii_letters, string.digits
BASE62, HEX, BASE32 = LETTERS + DIGITS, "0123456789abcdef", "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
URL = BASE62 + "_-"


def of(chance: Random, signs: str, length: int) -> str:
    """So many of these signs, with a digit and both cases among them where they have any."""
    made = [chance.choice(signs) for _ in range(length)]
    places = chance.sample(range(length), 3)
    for place, kind in zip(
        places, (DIGITS, string.ascii_lowercase, string.ascii_uppercase), strict=True
    ):
        common = [sign for sign in kind if sign in signs]
        made[place] = chance.choice(common) if common else made[place]
    made[-1] = made[-1] if made[-1].isalnum() else "x"
    return "".join(made)


def after(prefix: str, signs: str, length: int) -> Make:
    return lambda chance: prefix + of(chance, signs, length)


def private_key(chance: Random) -> str:
    words = f"{'RSA '}PRIVATE KEY"
    lines = [of(chance, BASE62 + "+/", 64) for _ in range(12)]
    return "\n".join([f"-----BEGIN {words}-----", *lines, f"-----END {words}-----"])


def jwt(chance: Random) -> str:
    def part(text: str) -> str:
        return urlsafe_b64encode(text.encode()).decode().rstrip("=")

    head, body = '{"alg":"HS256","typ":"JWT"}', f'{{"sub":"{chance.random()}"}}'
    return f"{part(head)}.{part(body)}.{of(chance, URL, 43)}"


SECRETS: Mapping[str, Make] = {
    "private_key": private_key,
    "anthropic_key": after("sk-" + "ant-api03-", URL, 95),
    "openrouter_key": after("sk-" + "or-v1-", HEX, 64),
    "openai_key": after("sk-" + "proj-", URL, 120),
    "xai_key": after("xai" + "-", BASE62, 80),
    "groq_key": after("gsk" + "_", BASE62, 52),
    "perplexity_key": after("pplx" + "-", BASE62, 48),
    "huggingface_token": after("hf" + "_", LETTERS, 34),
    "replicate_token": after("r8" + "_", BASE62, 37),
    "google_key": after("AI" + "za", URL, 35),
    "google_oauth": after("ya" + "29.", URL, 120),
    "aws_key_id": after("AK" + "IA", BASE32, 16),
    "github_token": after("gh" + "p_", BASE62, 36),
    "gitlab_token": after("gl" + "pat-", URL, 20),
    "slack_token": after("xo" + "xb-", DIGITS + LETTERS, 40),
    "discord_token": lambda c: f"M{of(c, BASE62, 25)}.{of(c, URL, 6)}.{of(c, URL, 38)}",
    "telegram_token": lambda c: f"{of(c, DIGITS, 10)}:AA{of(c, URL, 33)}",
    "stripe_key": after("sk" + "_live_", BASE62, 24),
    "webhook_secret": after("wh" + "sec_", BASE62, 32),
    "npm_token": after("npm" + "_", BASE62, 36),
    "pypi_token": after("pypi" + "-AgEIcHlwaS5vcmc", URL, 120),
    "sendgrid_key": lambda c: f"SG.{of(c, URL, 22)}.{of(c, URL, 43)}",
    "twilio_key": after("S" + "K", HEX, 32),
    "mailgun_key": after("key" + "-", HEX, 32),
    "mailchimp_key": lambda c: f"{of(c, HEX, 32)}-us{c.randrange(1, 21)}",
    "digitalocean_token": after("dop" + "_v1_", HEX, 64),
    "databricks_token": after("da" + "pi", HEX, 32),
    "hashicorp_token": after("hv" + "s.", URL, 90),
    "shopify_token": after("shp" + "at_", HEX, 32),
    "square_token": after("sq0" + "atp-", URL, 22),
    "linear_key": after("lin" + "_api_", BASE62, 40),
    "notion_token": after("ntn" + "_", BASE62, 46),
    "newrelic_key": after("NR" + "AK-", string.ascii_uppercase + DIGITS, 27),
    "age_key": after("AGE-SECRET" + "-KEY-1", string.ascii_uppercase + DIGITS, 58),
    "packed_notes": after("manymind1.", URL, 90),
    "jwt": jwt,
}
"""By the name of the rule: what is found as it stands."""

KNOWN_BY_WHAT_STANDS_BEFORE: Mapping[str, tuple[str, Make]] = {
    "aws_secret": ("aws_secret_access_key = {}", after("", BASE62 + "+/", 40)),
    "azure_key": ("EndpointSuffix=x;AccountKey={}", lambda c: of(c, BASE62 + "+/", 86) + "=="),
    "slack_webhook": (
        "https://hooks.slack.com/services/{}",
        lambda c: f"T{of(c, BASE62, 9)}/B{of(c, BASE62, 9)}/{of(c, BASE62, 24)}",
    ),
    "connection_password": ("postgresql://ann:{}@db.acme.net:5432/app", after("", BASE62, 12)),
    "authorization": ("Authorization: Bearer {}", after("", URL, 40)),
    "assigned_secret": ('client_secret: "{}"', after("", BASE62, 32)),
    "assigned_password": ("DB_PASSWORD={}", after("", BASE62 + "!#+", 14)),
}


def luhn(digits: str) -> str:
    """The digits with Luhn's check digit behind them."""
    total = 0
    for n, digit in enumerate(reversed(digits)):
        double = int(digit) * 2 if n % 2 == 0 else int(digit)
        total += double - 9 if double > 9 else double
    return digits + str(-total % 10)


def card(chance: Random) -> str:
    digits = luhn("4" + "".join(chance.choices(DIGITS, k=14)))
    return " ".join(digits[n : n + 4] for n in range(0, 16, 4))


def iban(chance: Random) -> str:
    account = "".join(chance.choices(DIGITS, k=18))
    check = 98 - int(account + "131400") % 97
    whole = f"DE{check:02}{account}"
    return " ".join(whole[n : n + 4] for n in range(0, 22, 4))


def german_tax_id(chance: Random) -> str:
    while True:
        nine = chance.sample(DIGITS, 9)
        ten = [*nine, chance.choice(nine)]
        chance.shuffle(ten)
        if ten[0] == "0":
            continue
        product = 10
        for digit in ten:
            total = (int(digit) + product) % 10 or 10
            product = total * 2 % 11
        return "".join(ten) + str((11 - product) % 10)


def french_nir(chance: Random) -> str:
    body = f"1{chance.randrange(40, 99)}0{chance.randrange(1, 9)}75{chance.randrange(10**5, 10**6)}"
    return f"{body}{97 - int(body) % 97:02}"


def spanish_id(chance: Random) -> str:
    number = chance.randrange(10**7, 10**8)
    return f"{number}{'TRWAGMYFPDXBNJZSQVHLCKE'[number % 23]}"


def polish_pesel(chance: Random) -> str:
    body = f"{chance.randrange(40, 99)}0{chance.randrange(1, 9)}1{chance.randrange(10)}"
    body += f"{chance.randrange(10**4):04}"
    weighed = sum(int(d) * w for d, w in zip(body, (1, 3, 7, 9, 1, 3, 7, 9, 1, 3), strict=True))
    return body + str(-weighed % 10)


def brazilian_cpf(chance: Random) -> str:
    digits = [chance.randrange(10) for _ in range(8)] + [1]
    for length in (10, 11):
        total = sum(d * w for d, w in zip(digits, range(length, 1, -1), strict=True))
        rest = total % 11
        digits.append(0 if rest < 2 else 11 - rest)
    d = "".join(map(str, digits))
    return f"{d[:3]}.{d[3:6]}.{d[6:9]}-{d[9:]}"


def canadian_sin(chance: Random) -> str:
    digits = luhn("1" + "".join(chance.choices(DIGITS, k=7)))
    return f"{digits[:3]}-{digits[3:6]}-{digits[6:]}"


def swedish_number(chance: Random) -> str:
    digits = luhn(
        f"{chance.randrange(40, 99)}0{chance.randrange(1, 9)}1{chance.randrange(10**4):04}"
    )
    return f"{digits[:6]}-{digits[6:]}"


PERSONAL: Mapping[str, Make] = {
    "email": lambda c: f"{of(c, string.ascii_lowercase, 7)}.keeper@{of(c, HEX, 5)}.example.org",
    "iban": iban,
    "card": card,
    "us_ssn": lambda c: (
        f"{c.randrange(1, 600):03}-{c.randrange(1, 99):02}-{c.randrange(1, 9999):04}"
    ),
    "german_tax_id": german_tax_id,
    "french_nir": french_nir,
    "spanish_id": spanish_id,
    "italian_code": lambda c: "RSSMRA85" + "T10A562S",
    "polish_pesel": polish_pesel,
    "brazilian_cpf": brazilian_cpf,
    "canadian_sin": canadian_sin,
    "swedish_number": swedish_number,
    "indian_aadhaar": lambda c: "2341 2341" + " 2346",
    "british_nino": lambda c: f"AB {c.randrange(10, 99)} {c.randrange(10, 99)} 56 C",
    "phone": lambda c: f"+49 30 {c.randrange(10**6, 10**7)}",
}
"""Of kinds that are known by their form and their check digits."""

PUBLISHED: Mapping[str, tuple[str, ...]] = {
    "card": ("4111 1111" + " 1111 1111", "5555555555" + "554444", "3782 822463" + " 10005"),
    "iban": ("DE89 3704 0044" + " 0532 0130 00", "GB29NWBK6016" + "1331926819"),
    "german_tax_id": ("8609574" + "2719",),
    "french_nir": ("2550814" + "16802538",),
    "spanish_id": ("12345678" + "Z", "X1234567" + "L"),
    "italian_code": ("RSSMRA85" + "T10A562S",),
    "polish_pesel": ("440514" + "01359",),
    "brazilian_cpf": ("529.982." + "247-25",),
    "canadian_sin": ("130-692" + "-544",),
    "swedish_number": ("811228" + "-9874",),
    "indian_aadhaar": ("2341 2341" + " 2346",),
    "phone": ("+1 (415) 555" + "-2671", "(212) 555" + "-0123", "+44 20 7946" + " 0958"),
    "email": ("josé.núñez@" + "correo.example.es", "o'neil+tag@" + "mail.example.co.uk"),
}
"""What those who thought these numbers up give as examples of them."""

HARMLESS = (
    "sk-learn-based-estimators-are-fine-here",
    "The task-oriented sk-circle-fade-dot-animation class",
    "git@github.com:acme/tool.git and icon@2x.png",
    "4111 1111 1111 1112 is off by one, 1234567890123456 too",
    "DE89 3704 0044 0532 0130 01",
    "000-12-3456 and 666-12-3456 and 901-12-3456 and 123-00-4567",
    "password = os.environ['DB_PASSWORD']",
    "password: ${DB_PASSWORD}",
    "token = tokenizer.encode(text)",
    "api_key = get_api_key_from_vault()",
    "secret_name: projects/acme/secrets/database",
    "postgres://user:password@localhost/app",
    "postgres://user:${PASSWORD}@localhost/app",
    "The version 2.10.4.1 of 2026-11-30 took 1234567890 ns",
    "d41d8cd98f00b204e9800998ecf8427e is the hash of nothing",
    "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
    "86095742718 is off by one, and so is 44051401358",
    "tokens=123456789 max_tokens: 4096, token_count: 99999999",
    "eyJhbGciOiJIUzI1NiJ9",
    "Bearer tokens are described in the handbook of authentication",
)
"""What looks a little like something and is nothing."""


def examples(chance: Random) -> dict[str, tuple[str, str]]:
    """By the name of the rule: a text, and what of it is the value."""
    made = {
        name: (value, value)
        for name, make in {**SECRETS, **PERSONAL}.items()
        for value in (make(chance),)
    }
    for name, (frame, make) in KNOWN_BY_WHAT_STANDS_BEFORE.items():
        value = make(chance)
        made[name] = (frame.format(value), value)
    return made
