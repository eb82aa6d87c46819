#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The tenant beside the kernel: the same description, the same frames, the same answers.

  run.py --tenant PROGRAM               all cases
  run.py ... --only TEXT                those whose name has TEXT
  run.py ... --seconds N [--seed S]     frames mutated at random instead, for N seconds
"""
import argparse
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import cases  # noqa: E402
import compare  # noqa: E402
import fuzz  # noqa: E402
import topology  # noqa: E402
from oracle import Kernel  # noqa: E402
from subject import Tenant  # noqa: E402

SKIP = 77


class World:
    """Both routers after the same configuration."""

    def __init__(self, program, lines):
        self.kernel = Kernel()
        self.tenant = Tenant(program)
        self.own = topology.own_addresses(lines)
        for line in topology.CONF + lines:
            self.configure(line)
        time.sleep(0.05)  # link-local addresses; what comes late is dropped here
        self.kernel.drain()
        self.tenant.poll(20, 1000)

    def configure(self, line):
        k, t = self.kernel.configure(line), self.tenant.configure(line)
        if k or t:
            raise RuntimeError('%s: kernel "%s", tenant "%s"' % (line, k, t))

    def step(self, link, frame, questions=False):
        """Both outputs, masked, by link; without what asks for neighbours, whose repetitions
        come at times of their own, unless @questions."""
        def kept(out):
            return [o for o in out if questions or not compare.is_question(o[1])]

        k = kept(self.kernel.send(link, frame))
        t = kept(self.tenant.send(link, frame))
        if len(t) < len(k):
            t += kept(self.tenant.poll(60, len(k) - len(t)))
        return compare.by_link(k, self.own), compare.by_link(t, self.own)

    def wait(self, ms):
        time.sleep(ms / 1000)
        self.kernel.mark(next(iter(self.kernel.links.values())))
        return (compare.by_link(self.kernel.drain(), self.own),
                compare.by_link(self.tenant.poll(10, 1000), self.own))

    def close(self):
        self.kernel.close()
        return self.tenant.close()


def run_case(world, case):
    """Lines that tell what differed; none: nothing did."""
    lines = []
    for n, step in enumerate(case.steps):
        if isinstance(step, str):
            world.configure(step)
            continue
        k, t = world.wait(step) if isinstance(step, int) else world.step(*step)
        if k != t:
            what = 'after %u ms' % step if isinstance(step, int) else \
                'sent on %s: %s' % (step[0], compare.dump(step[1]))
            lines += ['  step %u, %s' % (n + 1, what)] + compare.explain(k, t)
    return lines


def run_cases(program, only):
    count = failed = 0
    known = {}
    begin = time.monotonic()
    for group in cases.groups():
        todo = [c for c in group.cases if only in c.name]
        if not todo:
            continue
        world = World(program, group.lines)
        for case in todo:
            lines = run_case(world, case)
            count += 1
            if lines and case.differs:
                known.setdefault(case.differs, []).append(case.name)
            elif lines:
                failed += 1
                print('%s: DIFFERS' % case.name)
                print('\n'.join(lines))
        if world.close():
            failed += 1
            print('%s: the tenant ended badly' % group.name)
    for why, names in known.items():
        print('on purpose: %s: %u cases' % (why, len(names)))
    print('kernel: %u cases, %u differ on purpose, %u failed, %.1f s' %
          (count, sum(map(len, known.values())), failed, time.monotonic() - begin))
    return 1 if failed or not count else 0


def skip(why):
    print('skipped: %s' % why)
    return SKIP


def main():
    p = argparse.ArgumentParser()
    p.add_argument('--tenant', required=True)
    p.add_argument('--only', default='')
    p.add_argument('--seconds', type=int, default=0)
    p.add_argument('--seed', type=int, default=int(time.time()))
    a = p.parse_args()
    if os.geteuid() != 0:
        return skip('network namespaces need root')
    try:
        Kernel().close()
    except OSError as e:
        return skip('no network namespace: %s' % e)
    cpus = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(0, cpus[:1])
    if a.seconds:
        return fuzz.run(lambda: World(a.tenant, topology.BASE), a.seconds, a.seed)
    return run_cases(a.tenant, a.only)


if __name__ == '__main__':
    sys.exit(main())
