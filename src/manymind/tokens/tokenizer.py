"""Counts tokens for whoever has started it: python -m manymind.tokens.tokenizer o200k

Texts come by standard input, each behind its length in eight bytes; their counts go back in as many
by standard output. It ends where its input does.
"""

import sys
from importlib import import_module

from manymind.tokens.beside import SIZE


def main() -> None:
    package = import_module("rs_bpe.bpe")
    tokenizer = getattr(package.openai, f"{sys.argv[1]}_base")()
    heard, said = sys.stdin.buffer, sys.stdout.buffer
    while len(size := heard.read(SIZE)) == SIZE:
        text = heard.read(int.from_bytes(size)).decode()
        said.write(tokenizer.count(text).to_bytes(SIZE))
        said.flush()


if __name__ == "__main__":
    main()
