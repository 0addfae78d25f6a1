"""A simulated provider on real sockets: it speaks Chat Completions, Responses, Messages, Gemini's
generateContent, embeddings and a little Ollama as their vendors do, from models that compute and
with mishaps on demand.

What it knows of the wire is written by hand and shares nothing with our dialects, so that it can
prove them wrong.
"""

from manymind.server.simulated.door import Simulated
from manymind.server.simulated.hosting import RawHttp, serve
from manymind.server.simulated.knobs import Knobs
from manymind.server.simulated.visits import Visit, fingerprint

__all__ = ["Knobs", "RawHttp", "Simulated", "Visit", "fingerprint", "serve"]
