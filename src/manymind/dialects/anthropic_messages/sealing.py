"""Sealed reasoning of other dialects, carried through a client that knows signatures alone.

A client of this dialect sends thinking blocks back as it got them, signature included. What
another vendor needs back (an encrypted form, and the item's id) therefore travels as the
signature of the block, behind a mark of ours; no server of this dialect is ever sent it.
"""

from msgspec.structs import replace

from manymind.canon.items import Thought

MARK = "manymind:"


def seal(thought: Thought, where: str) -> str:
    """The signature to show for a thought whose words stood in content or in summary; empty
    where nothing vouches for it."""
    if thought.encrypted is None:
        return thought.signature or ""
    return f"{MARK}{where}:{thought.id or ''}:{thought.encrypted}"


def unsealed(thought: Thought) -> Thought:
    """The thought that was sealed, if one was."""
    signature = thought.signature or ""
    if not signature.startswith(MARK):
        return thought
    where, _, rest = signature.removeprefix(MARK).partition(":")
    name, colon, encrypted = rest.partition(":")
    if not colon:
        return thought
    opened = replace(thought, signature=None, digest=False, encrypted=encrypted, id=name or None)
    if where == "content":
        return opened
    return replace(opened, summary=thought.content, content=())
