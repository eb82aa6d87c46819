#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Checks docs/semantics-tests.md: every test it names exists, and every row names one.

usage: check-semantics-table.py SOURCE_ROOT

A test is named `suite.case` (Criterion: Test(suite, case)) or by the path of a program or script
below the root. A table row whose last cell names none is an error too. Prints each mistake as
file:line: text. Exit code: 0 when there is none.
"""
import os
import re
import sys

TABLE = "docs/semantics-tests.md"
NAMED = re.compile(r"`([^`]+)`")


def existing(root):
    """suite.case of every Criterion test below tests/"""
    found = set()
    for folder, _, files in os.walk(os.path.join(root, "tests")):
        for name in files:
            if not name.endswith(".c"):
                continue
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                text = file.read()
            for match in re.finditer(r"^Test\(\s*(\w+),\s*(\w+)", text, re.MULTILINE):
                found.add("%s.%s" % match.groups())
            for match in re.finditer(r"^ParameterizedTest\([^,]+,\s*(\w+),\s*(\w+)", text, re.MULTILINE):
                found.add("%s.%s" % match.groups())
    return found


def rows(lines):
    """(line number, cells) of each body row of each table"""
    body = False
    for number, line in enumerate(lines, 1):
        if not line.startswith("|"):
            body = False
        elif re.match(r"^\|[\s:|-]+\|$", line):
            body = True
        elif body:
            yield number, [cell.strip() for cell in line.strip().strip("|").split("|")]


def check(root):
    tests = existing(root)
    count = 0
    with open(os.path.join(root, TABLE), encoding="utf-8") as file:
        lines = file.read().splitlines()
    for number, cells in rows(lines):
        count += 1
        named = NAMED.findall(cells[-1])
        if not named:
            yield number, "row '%s' names no test" % cells[0]
        for name in named:
            there = os.path.exists(os.path.join(root, name)) if "/" in name else name in tests
            if not there:
                yield number, "there is no test %s" % name
    if count == 0:
        yield 1, "no table found"


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    mistakes = list(check(sys.argv[1]))
    for number, text in mistakes:
        print("%s:%d: %s" % (TABLE, number, text))
    sys.exit(1 if mistakes else 0)


main()
