# SPDX-License-Identifier: BSD-3-Clause
"""Lint rules that need no tool: each is a generator of (path, line, what and why).

A rule gets the Tree; RULES at the end names them. Words that rules look for are spelled in pieces
where this file would otherwise find itself.
"""
import os
import re
import subprocess

MAX_LINES = 500
LAYERS = ["netns", "dataplane", "apps"]  # a folder may include from those before it
BESIDE = ["bench", "tests"]  # may include from all, nobody from them
NETNS_FOREIGN = re.compile(r"^(rte_\w+\.h|libmnl/|event2/|cyaml/|pcap)")
UNFINISHED = re.compile(
    r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b|(?i:\bst" r"ub\b|\bplace" r"holder\b|\bfor" r" now\b|\bnot imple" r"mented\b)")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')


class Tree:
    """The files of a checkout (or of a plain folder), their lines, and their code without words."""

    def __init__(self, root):
        self.root = root
        self.tidy_all = False
        self.files = sorted(self._list())
        self._text = {}

    def _list(self):
        git = ["git", "-c", "safe.directory=*", "-C", self.root, "ls-files", "-z", "-co", "--exclude-standard"]
        try:
            done = subprocess.run(git, capture_output=True, check=True)
            names = done.stdout.decode().split("\0")
            return {n for n in names if n and os.path.isfile(os.path.join(self.root, n))}
        except (OSError, subprocess.CalledProcessError):
            pass
        names = set()
        for folder, subfolders, files in os.walk(self.root):
            subfolders[:] = [d for d in subfolders if d != ".git" and not d.startswith("build")]
            names.update(os.path.relpath(os.path.join(folder, f), self.root) for f in files)
        return names

    def path(self, name):
        return os.path.join(self.root, name)

    def text(self, name):
        if name not in self._text:
            with open(self.path(name), encoding="utf-8", errors="replace") as file:
                self._text[name] = file.read()
        return self._text[name]

    def lines(self, name):
        return enumerate(self.text(name).splitlines(), 1)

    def of(self, *ends, under=None):
        return [f for f in self.files if f.endswith(ends) and (under is None or f.split("/")[0] in under)]

    def c_files(self, under=None):
        return self.of(".c", ".h", under=under)

    def scripts(self, interpreter):
        """Scripts by their first line, for instance "sh"."""
        pattern = re.compile(r"^#!.*\b(%s)\b" % interpreter)
        names = [f for f in self.files if f.endswith(".sh") or "." not in os.path.basename(f) or f == ".ci/run"]
        return [f for f in names if pattern.match(self.text(f).split("\n", 1)[0])]

    def sources(self):
        """All that is written by hand as code."""
        named = self.of(".c", ".h", ".py", ".sh", ".pml", "meson.build", "meson_options.txt", ".map")
        return sorted(set(named) | set(self.scripts("bash|sh|python3")))


def strip_c(text):
    """C without comments and without the insides of strings; line numbers stay."""
    def blank(match):
        found = match.group(0)
        if found[0] in "\"'":
            return found[0] * 2
        return "\n" * found.count("\n") or " "
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', blank, text, flags=re.S)


def grep_code(tree, files, pattern, why):
    for name in files:
        for number, line in enumerate(strip_c(tree.text(name)).splitlines(), 1):
            if pattern.search(line):
                yield name, number, why


def banned(tree):
    libraries = ["netns", "dataplane"]
    everywhere = [
        (r"(?<!asm )(?<!__asm__ )\bvolatile\b", "volatile orders nothing between threads: use __atomic_* or C11 atomics"),
        (r"\b__sync_\w+", "__sync_* has no memory orders: use __atomic_* with one"),
        (r"\brte_panic\b", "rte_panic ends the host program: return -errno"),
    ]
    in_libraries = [
        (r"\brte_malloc\(", "rte_malloc per object costs 128 bytes and a lock: use the arena"),
        (r"\bprintf\(", "a library does not write to standard output: use the log callback"),
        (r"\b(localtime|gmtime|ctime|asctime|strtok|getpwnam|getpwuid|getgrnam|getgrgid|inet_ntoa)\(",
         "not thread-safe: use the _r form"),
        (r"__attribute__\(\(\s*(con|de)structor", "constructors register behind the user's back"),
    ]
    for pattern, why in everywhere:
        yield from grep_code(tree, tree.c_files(), re.compile(pattern), why)
    for pattern, why in in_libraries:
        yield from grep_code(tree, tree.c_files(under=libraries), re.compile(pattern), why)


def typedefs(tree):
    yield from grep_code(tree, tree.c_files(), re.compile(r"^\s*typedef\s+(struct|union)\b"),
                         "typedef hides that it is a struct: write struct NAME")


def hidden_goto(tree):
    for name in tree.c_files():
        code = strip_c(tree.text(name)).split("\n")
        for number, line in enumerate(code):
            if re.match(r"\s*#\s*define\b", line):
                whole, last = line, number
                while code[last].endswith("\\") and last + 1 < len(code):
                    last += 1
                    whole += code[last]
                if re.search(r"\bgoto\b", whole):
                    yield name, number + 1, "goto hidden in a macro: write it where it jumps"


def unfinished(tree):
    for name in tree.sources():
        for number, line in tree.lines(name):
            found = UNFINISHED.search(line)
            if found:
                yield name, number, "'%s': finish it, or say what is so and why" % found.group(0)


def includes(tree):
    """Who includes what: layers, urcu-qsbr, .c files."""
    headers = {}
    for header in tree.of(".h"):
        headers.setdefault(os.path.basename(header), []).append(header)
    for name in tree.c_files():
        top = name.split("/")[0]
        for number, line in tree.lines(name):
            match = INCLUDE.match(line)
            if match is None:
                continue
            kind, target = match.groups()
            if target.endswith(".c"):
                yield name, number, "includes a .c file: link it, or test through the interface"
            if re.search(r"urcu.*qsbr", target) and name != "netns/rcu.c":
                yield name, number, "urcu-qsbr outside netns/rcu.c: there is one RCU domain, behind netns/rcu.h"
            if top == "netns" and NETNS_FOREIGN.match(target):
                yield name, number, "netns needs libc, liburcu and libnuma only"
            forbidden = BESIDE + (LAYERS[LAYERS.index(top) + 1:] if top in LAYERS else [])
            if top in BESIDE:
                continue
            where = resolve(tree, headers, name, target) if kind == '"' else target
            if where.split("/")[0] in forbidden and "/" in where:
                yield name, number, "%s includes from %s: dependencies go apps -> dataplane -> netns" % (
                    top, where.split("/")[0])


def resolve(tree, headers, name, target):
    """The file of the tree that a quoted include means, or the target itself."""
    beside = os.path.normpath(os.path.join(os.path.dirname(name), target))
    for candidate in (beside, os.path.normpath(target)):
        if candidate in tree.files:
            return candidate
    found = headers.get(os.path.basename(target), [])
    return found[0] if len(found) == 1 else beside if target.startswith("..") else target


def length(tree):
    for name in tree.sources():
        count = tree.text(name).count("\n")
        if count > MAX_LINES:
            yield name, MAX_LINES + 1, "%d lines, %d at most: one responsibility a file" % (count, MAX_LINES)


def licence(tree):
    for name in tree.sources():
        if "SPDX-License-Identifier: BSD-3-Clause" not in "\n".join(tree.text(name).split("\n")[:3]):
            yield name, 1, "no SPDX-License-Identifier: BSD-3-Clause in the first three lines"


def opening(tree):
    for name in tree.c_files():
        head = "\n".join(tree.text(name).split("\n")[1:4])
        if not re.search(r"/\*\s*\n \* \S|/\* \w", head):
            yield name, 2, "no paragraph that says what the file owns, who calls it, which rules hold"


def whitespace(tree):
    for name in tree.sources() + tree.of(".md", ".yaml", ".yml"):
        text = tree.text(name)
        for number, line in tree.lines(name):
            if line != line.rstrip():
                yield name, number, "blanks at the end of the line"
        if text and not text.endswith("\n"):
            yield name, text.count("\n") + 1, "no newline at the end of the file"


def links(tree):
    """Relative links lead somewhere; docs/README.md leads to every page."""
    linked = set()
    for name in tree.of(".md"):
        for number, line in tree.lines(name):
            for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", line):
                if re.match(r"[a-z]+:", target):
                    continue
                where = os.path.normpath(os.path.join(os.path.dirname(name), target))
                if name == "docs/README.md":
                    linked.add(where)
                if not os.path.exists(tree.path(where)):
                    yield name, number, "'%s' leads nowhere" % target
    for name in tree.of(".md", under=["docs"]):
        if name not in linked and name != "docs/README.md":
            yield name, 1, "docs/README.md does not link it: nobody will find it"


RULES = {
    "banned": banned,
    "typedef": typedefs,
    "goto": hidden_goto,
    "unfinished": unfinished,
    "includes": includes,
    "length": length,
    "licence": licence,
    "opening": opening,
    "whitespace": whitespace,
    "links": links,
}
