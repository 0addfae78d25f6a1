"""The secrets that are known by their form."""

from manymind.policy.redaction.checks import key_like, not_dummy, password_like, secret_like
from manymind.policy.redaction.rules import Rule, secret

_NAMES = (
    "api[_-]?keys?|apikey|secret[_-]?key|client[_-]?secret|app[_-]?secret|secret|"
    "(?:access|auth|bearer|refresh|session)[_-]?token|token|access[_-]?key|account[_-]?key|"
    "private[_-]?key|signing[_-]?key|encryption[_-]?key|master[_-]?key|credentials?"
)
_IS = r"""\\?["']?\s{0,4}(?:=>|:=|=|:)\s{0,4}\\?["'`]?"""
_VALUE = r"([!#$%&*+./0-9:=?@A-Z^_a-z|~\x{C0}-\x{24F}-]{8,128})"

SECRETS: tuple[Rule, ...] = (
    secret(
        "private_key",
        r"-----BEGIN (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?:[^-]|-[^-])*-----END (?:[A-Z0-9]{1,16} ){0,4}PRIVATE KEY(?: BLOCK)?-----"
        r"|[A-Za-z0-9+/=\s\\]*)",
    ),
    secret("anthropic_key", r"\bsk-ant-[A-Za-z0-9_-]{20,}"),
    secret("openrouter_key", r"\bsk-or-[A-Za-z0-9_-]{20,}"),
    secret("openai_key", r"\bsk-[A-Za-z0-9_-]{20,256}", key_like),
    secret("xai_key", r"\bxai-[A-Za-z0-9]{40,}"),
    secret("groq_key", r"\bgsk_[A-Za-z0-9]{40,}"),
    secret("perplexity_key", r"\bpplx-[A-Za-z0-9]{40,}"),
    secret("huggingface_token", r"\bhf_[A-Za-z0-9]{30,64}\b"),
    secret("replicate_token", r"\br8_[A-Za-z0-9]{37,40}\b"),
    secret("google_key", r"\bAIza[0-9A-Za-z_-]{35}"),
    secret("google_oauth", r"\b(?:ya29\.[0-9A-Za-z_-]{20,}|GOCSPX-[0-9A-Za-z_-]{24,32})"),
    secret("aws_key_id", r"\b(?:AKIA|ASIA|ABIA|ACCA)[A-Z2-7]{16}\b"),
    secret(
        "aws_secret",
        r"(?i)\baws.{0,24}(?:secret|key).{0,24}(?:=>|=|:)\s{0,4}\\?[\"']?"
        r"([A-Za-z0-9/+]{40})(?:[^A-Za-z0-9/+=]|$)",
        key_like,
    ),
    secret("azure_key", r"(?i)\b(?:AccountKey|SharedAccessKey)=([A-Za-z0-9+/]{40,}={0,2})"),
    secret("github_token", r"\b(?:gh[pousr]_[A-Za-z0-9]{36,}|github_pat_[A-Za-z0-9_]{22,})"),
    secret("gitlab_token", r"\bgl(?:pat|dt|rt|ptt|ft|cbt|oas|soat|agent)-[A-Za-z0-9_-]{20,}"),
    secret("slack_token", r"\b(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{10,256}", key_like),
    secret(
        "slack_webhook",
        r"\bhooks\.slack\.com/(?:services|workflows)/([A-Za-z0-9_/-]{20,})",
    ),
    secret(
        "discord_token",
        r"\b(?:[MNO][A-Za-z0-9_-]{23,27}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,40}"
        r"|mfa\.[A-Za-z0-9_-]{84})",
        key_like,
    ),
    secret("telegram_token", r"\b[0-9]{8,10}:AA[A-Za-z0-9_-]{33}"),
    secret("stripe_key", r"\b(?:[srp]k_(?:live|test)_[A-Za-z0-9]{16,})\b"),
    secret("webhook_secret", r"\bwhsec_[A-Za-z0-9+/]{24,}={0,2}"),
    secret("npm_token", r"\bnpm_[A-Za-z0-9]{36}\b"),
    secret("pypi_token", r"\bpypi-AgE[A-Za-z0-9_-]{50,}"),
    secret("sendgrid_key", r"\bSG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}"),
    secret("twilio_key", r"\bSK[0-9a-f]{32}\b"),
    secret("mailgun_key", r"\bkey-[0-9a-f]{32}\b"),
    secret("mailchimp_key", r"\b[0-9a-f]{32}-us[0-9]{1,2}\b"),
    secret("digitalocean_token", r"\bdo[oprt]_v1_[a-f0-9]{64}\b"),
    secret("databricks_token", r"\bdapi[a-f0-9]{32}(?:-[0-9])?\b"),
    secret(
        "hashicorp_token",
        r"\b(?:hv[bsr]\.[A-Za-z0-9_-]{24,}|[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9_-]{60,80})",
    ),
    secret("shopify_token", r"\bshp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}\b"),
    secret("square_token", r"\bsq0(?:atp|csp|idp)-[A-Za-z0-9_-]{22,64}"),
    secret("linear_key", r"\blin_(?:api|oauth)_[A-Za-z0-9]{32,64}\b"),
    secret("notion_token", r"\b(?:ntn_[A-Za-z0-9]{40,64}|secret_[A-Za-z0-9]{43})\b"),
    secret("newrelic_key", r"\bNRAK-[A-Z0-9]{27}\b"),
    secret("packed_notes", r"\bmanymind1\.[A-Za-z0-9_-]{40,}={0,2}"),
    secret("age_key", r"\bAGE-SECRET-KEY-1[0-9A-Z]{58}\b"),
    secret(
        "jwt",
        r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{10,}",
        hint=r"\beyJ[A-Za-z0-9_-]{10,}\.eyJ",
    ),
    secret(
        "connection_password",
        r"\b[a-zA-Z][a-zA-Z0-9+.-]{1,24}://[^\s:/@'\"<>]*:([^\s/'\"<>]+)@[\w\[]",
        not_dummy,
    ),
    secret(
        "authorization",
        r"(?i)\b(?:bearer\s{1,4}|basic\s{1,4}|x-api-key\\?[\"']?\s{0,4}[:=]\s{0,4}\\?[\"']?)"
        r"([A-Za-z0-9._~+/-]{16,1000}={0,2})",
        key_like,
    ),
    secret("assigned_secret", rf"(?i)(?:\b|_)(?:{_NAMES}){_IS}{_VALUE}", secret_like),
    secret(
        "assigned_password",
        r"(?i)(?:\b|_)(?:password|passwd|passphrase|passwort|pwd)" + _IS + _VALUE,
        password_like,
    ),
)
