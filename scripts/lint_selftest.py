# SPDX-License-Identifier: BSD-3-Clause
"""Plants violations in a small tree of its own and asks whether each rule finds its own, where it
is, and nothing in a clean tree. Rules whose tool is missing are counted as skipped."""
import os
import shutil
import subprocess
import sys
import tempfile


HERE = os.path.dirname(os.path.abspath(__file__))
SPDX = "/* SPDX-License-Identifier: BSD-3-Clause */\n"
HEAD = SPDX + "/*\n * What the file owns, who calls it, which rules hold.\n */\n"

CLEAN = {
    "netns/netns.h": HEAD + "#ifndef NETNS_H\n#define NETNS_H\n\n#include <stdint.h>\n\nuint64_t netns_one(void);\n\n#endif\n",
    "netns/one.c": HEAD + '#include "netns.h"\n\n/* volatile, printf() and goto may be spoken of */\n'
                   'uint64_t netns_one(void)\n{\n\treturn sizeof("rte_panic(volatile)");\n}\n',
    "dataplane/two.c": HEAD + '#include "netns/netns.h"\n\nint two(void);\n\nint two(void)\n{\n\treturn (int)netns_one();\n}\n',
    "bench/three.c": HEAD + '#include <stdio.h>\n\nint main(void)\n{\n\tprintf("3\\n");\n\treturn 0;\n}\n',
    "docs/man/one.1": '.\\" one\n.TH ONE 1\n.SH NAME\none \\- first\n',
    "run.sh": "#!/bin/sh\n# SPDX-License-Identifier: BSD-3-Clause\nset -eu\n",
}

# rule, file, line where it must be found, text of the file
PLANTED = [
    ("banned", "netns/a.c", 5, HEAD + "static volatile int flag;\n"),
    ("banned", "bench/a.c", 6, HEAD + "\n_Bool f = __sync_bool_compare_and_swap(0, 0, 0);\n"),
    ("banned", "netns/a.c", 7, HEAD + 'void f(void)\n{\n\tprintf("x");\n}\n'),
    ("banned", "dataplane/a.c", 5, HEAD + "void *f(void) { return rte_malloc(0, 8, 0); }\n"),
    ("banned", "apps/a.c", 5, HEAD + 'void f(void) { rte_panic("x"); }\n'),
    ("banned", "netns/a.c", 5, HEAD + "char *f(char *s) { return strtok(s, 0); }\n"),
    ("banned", "netns/a.c", 5, HEAD + "__attribute__((constructor)) static void f(void);\n"),
    ("typedef", "netns/a.h", 5, HEAD + "typedef struct a {\n\tint b;\n} a_t;\n"),
    ("goto", "netns/a.h", 5, HEAD + "#define TRY(x) \\\n\tif (x) \\\n\t\tgoto out\n"),
    ("unfinished", "netns/a.c", 5, HEAD + "/* TO" "DO: the rest */\n"),
    ("unfinished", "run2.sh", 2, "#!/bin/sh\n# SPDX-License-Identifier: BSD-3-Clause; a st" "ub\n"),
    ("unfinished", "tests/a.c", 5, HEAD + "int f; /* for" " now */\n"),
    ("includes", "netns/a.c", 5, HEAD + "#include <urcu-qsbr.h>\n"),
    ("includes", "tests/a.c", 5, HEAD + "#include <urcu/urcu-qsbr.h>\n"),
    ("includes", "tests/a.c", 5, HEAD + '#include "../netns/one.c"\n'),
    ("includes", "netns/a.c", 5, HEAD + '#include "../dataplane/dp.h"\n'),
    ("includes", "netns/a.c", 5, HEAD + "#include <rte_mbuf.h>\n"),
    ("includes", "dataplane/a.c", 5, HEAD + '#include "apps/a.h"\n'),
    ("includes", "apps/a.c", 5, HEAD + '#include "tests/a.h"\n'),
    ("length", "netns/a.c", 501, HEAD + "int f(void);\n" * 500),
    ("licence", "netns/a.c", 1, "/*\n * Words.\n */\nint f(void);\n"),
    ("licence", "tests/meson.build", 1, "test('a', b)\n"),
    ("opening", "netns/a.c", 2, SPDX + "int f(void);\n"),
    ("whitespace", "netns/a.c", 5, HEAD + "int f(void); \n"),
    ("whitespace", "docs/a.md", 1, "no newline"),
    ("links", "README.md", 2, "Words.\n[here](docs/none.md)\n"),
    ("links", "docs/adr/0001-a.md", 1, "# A\n"),
    ("format", "netns/a.c", 6, HEAD + "\nint  f( void );\n"),
    ("headers", "netns/a.h", 5, HEAD + "uint64_t f(void);\n"),
    ("headers", "netns/netns.h", 5, HEAD + "int f(int class);\n"),
    ("shell", "run2.sh", 3, "#!/bin/sh\n# SPDX-License-Identifier: BSD-3-Clause\nrm $1/*\n"),
    ("manuals", "docs/man/a.1", 2, ".TH A 1\n.nosuchrequest\n"),
    ("clang", "netns/one.c", 5, HEAD + "int one(void)\n{\n\treturn 1;\n}\n"),
    ("clang", "netns/one.c", 13, HEAD + "struct __attribute__((capability(\"mutex\"))) m {\n\tint x;\n};\n"
     "struct m l;\nint v __attribute__((guarded_by(l)));\nint one(void);\nint one(void)\n{\n\treturn v;\n}\n"),
    ("tidy", "netns/one.c", 9, HEAD + "int one(int *p);\n\nint one(int *p)\n{\n\treturn p == 0 ? *p : 1;\n}\n"),
]

MESON = """# SPDX-License-Identifier: BSD-3-Clause
project('planted', 'c', default_options: ['c_std=gnu11', 'warning_level=2'])
add_project_arguments('-Wmissing-prototypes', language: 'c')
add_project_arguments(meson.get_compiler('c').get_supported_arguments('-Wthread-safety'), language: 'c')
static_library('one', 'netns/one.c')
"""


def write(root, files):
    for name, text in files.items():
        path = os.path.join(root, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


def lint(root, *options):
    """scripts/lint as users run it; returns exit code and lines"""
    done = subprocess.run([sys.executable, os.path.join(HERE, "lint"), "--root", root] + list(options),
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout.splitlines() + done.stderr.splitlines()


def with_tree(files, *options):
    root = tempfile.mkdtemp(prefix="nsplane-lint-")
    try:
        shutil.copy(os.path.join(os.path.dirname(HERE), ".clang-format"), root)
        shutil.copy(os.path.join(os.path.dirname(HERE), ".clang-tidy"), root)
        write(root, files)
        return lint(root, *options)
    finally:
        shutil.rmtree(root)


def main():
    passed = failed = skipped = 0
    clean = dict(CLEAN)
    # one clean tree for all rules; a build costs seconds, so only the tool rules get one
    clean["meson.build"] = MESON
    code, lines = with_tree(clean)
    missing = {line.split("[")[1].split("]")[0] for line in lines if "not installed" in line}
    noise = [line for line in lines if ": [" in line and "not installed" not in line]
    if noise or (code != 0 and not missing):
        failed += 1
        print("a clean tree is not clean:", *(noise or lines), sep="\n  ")
    else:
        passed += 1
    for rule, name, number, text in PLANTED:
        if rule in missing:
            skipped += 1
            continue
        files = {"meson.build": MESON} if rule in ("clang", "tidy") else {}
        files[name] = text
        code, lines = with_tree(files, "--only", rule)
        if code == 1 and any(line.startswith("%s:%d: [%s] " % (name, number, rule)) for line in lines):
            passed += 1
        else:
            failed += 1
            print("%s: not found at %s:%d; lint said:" % (rule, name, number), *lines, sep="\n  ")
    covered = {row[0] for row in PLANTED}
    code, lines = lint(".", "--list")
    for rule in lines:
        if rule not in covered:
            failed += 1
            print("rule '%s' has no planted violation" % rule)
    print("%d passed, %d failed, %d skipped" % (passed, failed, skipped))
    return 1 if failed else 0
