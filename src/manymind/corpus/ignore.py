"""What a folder's ignore file says to leave out: the usual patterns of .gitignore.

Known are comments, `!`, a slash in front, in the middle or at the end, `*`, `**`, `?` and `[…]`.
Patterns come from folders that strangers may have written, so they run on RE2.
"""

import re2
from msgspec import Struct

LINES_MAX = 2_000
_LINE_MAX = 500


class Rule(Struct, frozen=True):
    """One line. `base` is the folder that its file stands in, "" for the root."""

    base: str
    pattern: str
    folders_only: bool
    again: bool

    def matches(self, path: str, is_folder: bool) -> bool:
        if self.folders_only and not is_folder:
            return False
        if self.base and not path.startswith(self.base + "/"):
            return False
        inner = path[len(self.base) + 1 :] if self.base else path
        return re2.compile(self.pattern).fullmatch(inner) is not None


def read_rules(text: str, base: str) -> tuple[Rule, ...]:
    rules: list[Rule] = []
    for line in text.split("\n")[:LINES_MAX]:
        rule = _rule(line.rstrip("\r"), base)
        if rule is not None:
            rules.append(rule)
    return tuple(rules)


def ignored(rules: tuple[Rule, ...], path: str, is_folder: bool) -> bool:
    """Whether the last rule that speaks of this path leaves it out."""
    for rule in reversed(rules):
        if rule.matches(path, is_folder):
            return not rule.again
    return False


def _rule(line: str, base: str) -> Rule | None:
    line = line.rstrip(" ") if not line.endswith("\\ ") else line
    if not line or line.startswith("#") or len(line) > _LINE_MAX:
        return None
    again = line.startswith("!")
    line = line[1:] if again else line.removeprefix("\\")
    folders_only = line.endswith("/")
    line = line.rstrip("/")
    if not line:
        return None
    anchored = "/" in line
    pattern = _translated(line.lstrip("/"))
    pattern = pattern if anchored else f"(?:.*/)?{pattern}"
    try:
        re2.compile(pattern)
    except re2.error:
        return None
    return Rule(base, pattern, folders_only, again)


def _translated(glob: str) -> str:
    made: list[str] = []
    at = 0
    while at < len(glob):
        if glob.startswith("**/", at):
            made.append("(?:.*/)?")
            at += 3
        elif glob.startswith("**", at):
            made.append(".*")
            at += 2
        elif glob[at] == "[" and "]" in glob[at + 2 :]:
            stop = glob.index("]", at + 2)
            inside = glob[at + 1 : stop].replace("\\", "\\\\").replace("[", "\\[")
            inside = "^" + inside[1:] if inside.startswith("!") else inside
            made.append(f"[{inside}]")
            at = stop + 1
        else:
            made.append({"*": "[^/]*", "?": "[^/]"}.get(glob[at]) or re2.escape(glob[at]))
            at += 1
    return "".join(made)
