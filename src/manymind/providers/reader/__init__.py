"""`manymind/reader`: an extractive model, without weights and without network.

It finds, ranks and quotes in the documents of a request; every quote is checked letter by letter
before it is spoken. It fills JSON schemas from what it found and calls offered functions by fixed
rules. It is frank that it is a reader and not a language model.
"""

from manymind.providers.reader.answering import MODEL, Reader

__all__ = ["MODEL", "Reader"]
