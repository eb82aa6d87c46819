# SPDX-License-Identifier: BSD-3-Clause
"""The same ip scripts in a kernel namespace and in a tenant: exit codes, standard error and the state
afterwards (ip -json) must be the same, but for what EXCEPT names with a reason.

usage: compare_ip.py BUILD [--only TEXT] [--verbose] [--known]"""
import argparse
import json
import os
import re
import subprocess
import sys
import time

from daemon import Daemon
from ip_cases import BASE, UP, cases

# Members of ip -json's objects that may differ, and why.
EXCEPT = {
    'num_tx_queues': 'a kernel device has queues by CPU; links here have none of their own',
    'num_rx_queues': 'the same',
    'gso_max_size': 'offloads of a device', 'gso_max_segs': 'the same', 'tso_max_size': 'the same',
    'tso_max_segs': 'the same', 'gro_max_size': 'the same',
    'max_mtu': 'an Ethernet header less than 64 KiB or not: how much a buffer takes',
    'valid_life_time': 'counts down while commands run', 'preferred_life_time': 'the same',
    'cacheinfo': 'timers', 'used': 'timers', 'confirmed': 'timers', 'updated': 'timers',
    'probes': 'timers', 'refcnt': 'internal',
    'info_data': 'kind by kind: see the unit tests',
}
STATE = ['link show', 'addr show', 'route show table all', 'neigh show', 'netns list-id']
SYSCTL = ''.join('echo %d > /proc/sys/net/%s; ' % (v, k) for k, v in {
    'ipv4/ip_forward': 1, 'ipv6/conf/all/forwarding': 1,     # a tenant is a router
    'ipv6/conf/default/accept_dad': 0, 'ipv6/conf/all/accept_dad': 0,  # no second of waiting
    'ipv6/conf/default/router_solicitations': 0,
}.items())


def clean(value):
    if isinstance(value, dict):
        return {k: clean(v) for k, v in value.items() if k not in EXCEPT}
    if isinstance(value, list):
        return [clean(v) for v in value]
    return value


def by_device(routes):
    """Routes of one prefix that links brought are in the order in which carriers came."""
    key = [(r.get('dst'), r.get('table'), r.get('type')) if isinstance(r, dict) and r.get('protocol') == 'kernel'
           else None for r in routes]
    at = 0
    while at < len(routes):
        end = at + 1
        while end < len(routes) and key[at] and key[end] == key[at]:
            end += 1
        routes[at:end] = sorted(routes[at:end], key=lambda r: r.get('dev', '')) if end > at + 1 else routes[at:end]
        at = end
    return routes


def parse(text):
    """The JSON values of a batch, one after the other."""
    decoder, at, values = json.JSONDecoder(), 0, []
    while True:
        at += len(text[at:]) - len(text[at:].lstrip())
        if at == len(text):
            return values
        value, at = decoder.raw_decode(text, at)
        values.append(by_device(clean(value)))


class Side:
    def script(self, lines):
        r = self.batch(['-force'], lines)
        return r.returncode, re.sub(r'Command failed [^ ]*:', 'line ', r.stderr), r.stdout

    def state(self):
        r = self.batch(['-json', '-details', '-force'], STATE)
        return parse(r.stdout), r.stderr


    def settle(self):
        """Both ends have their carrier; the kernel takes up to a second."""
        until = time.monotonic() + 5
        while time.monotonic() < until:
            r = self.batch(['-json'], ['link show'])
            if sum(link['operstate'] == 'UP' for v in parse(r.stdout) for link in v) == 2:
                return
            time.sleep(0.01)


class Kernel(Side):
    name = 'nsplane-cmp-%d' % os.getpid()

    def begin(self):
        subprocess.run(['ip', 'netns', 'add', self.name], check=True)
        subprocess.run(['ip', 'netns', 'exec', self.name, 'sh', '-c', SYSCTL], check=True)

    def end(self):
        subprocess.run(['ip', 'netns', 'del', self.name], check=True)

    def batch(self, options, lines):
        return subprocess.run(['ip', '-n', self.name, *options, '-batch', '-'], input='\n'.join(lines) + '\n',
                              capture_output=True, text=True, timeout=60)


class Tenant(Side):
    name = 'cmp'

    def __init__(self, daemon):
        self.daemon = daemon

    def begin(self):
        r = self.daemon.run('netns', 'add', self.name)
        assert r.returncode == 0, r.stderr

    def end(self):
        r = self.daemon.run('netns', 'del', self.name)
        assert r.returncode == 0, r.stderr

    def batch(self, options, lines):
        return self.daemon.ip(self.name, *options, '-batch', '-', input='\n'.join(lines) + '\n')


def difference(kernel, tenant, path=''):
    """First few places where two states differ."""
    if type(kernel) is not type(tenant):
        return ['%s: kernel %r, tenant %r' % (path, kernel, tenant)]
    if isinstance(kernel, dict):
        found = []
        for k in sorted(set(kernel) | set(tenant)):
            if k not in kernel or k not in tenant:
                found.append('%s.%s: kernel %r, tenant %r' % (path, k, kernel.get(k), tenant.get(k)))
            else:
                found += difference(kernel[k], tenant[k], '%s.%s' % (path, k))
        return found
    if isinstance(kernel, list):
        if len(kernel) != len(tenant):
            return ['%s: kernel %d items, tenant %d\n  kernel %s\n  tenant %s' % (
                path, len(kernel), len(tenant),
                json.dumps([x for x in kernel if x not in tenant]),
                json.dumps([x for x in tenant if x not in kernel]))]
        return [d for i, (a, b) in enumerate(zip(kernel, tenant)) for d in difference(a, b, '%s[%d]' % (path, i))]
    return [] if kernel == tenant else ['%s: kernel %r, tenant %r' % (path, kernel, tenant)]


def run_case(sides, lines):
    results = []
    for side in sides:
        side.begin()
        try:
            if lines[:2] == UP:
                side.script(BASE + UP)
                side.settle()
                results.append((side.script(lines[2:]), side.state()))
            else:
                results.append((side.script(BASE + lines), side.state()))
        finally:
            side.end()
    (script_k, state_k), (script_t, state_t) = results
    found = []
    for what, a, b in zip(('exit code', 'stderr', 'stdout'), script_k, script_t):
        if a != b:
            found.append('%s:\n  kernel %r\n  tenant %r' % (what, a, b))
    if state_k[1] != state_t[1]:
        found.append('state stderr: kernel %r, tenant %r' % (state_k[1], state_t[1]))
    for command, a, b in zip(STATE, state_k[0], state_t[0]):
        found += [command + d for d in difference(a, b)][:3]
    if len(state_k[0]) != len(state_t[0]):
        found.append('state: %d and %d values' % (len(state_k[0]), len(state_t[0])))
    return found


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('build')
    parser.add_argument('--only', default='')
    parser.add_argument('--every', type=int, default=1, help='only each N-th case')
    parser.add_argument('--limit', type=int, default=0, help='stop after so many differences')
    args = parser.parse_args()
    if os.geteuid() != 0 or subprocess.run(['ip', 'netns', 'add', Kernel.name], capture_output=True).returncode:
        print('skipped: needs root and a kernel that makes network namespaces')
        return 77
    subprocess.run(['ip', 'netns', 'del', Kernel.name], check=True)
    daemon = Daemon(args.build)
    sides = Kernel(), Tenant(daemon)
    bad = n = 0
    try:
        for i, (name, lines) in enumerate(cases()):
            if args.only not in name or i % args.every:
                continue
            n += 1
            found = run_case(sides, lines)
            if found:
                bad += 1
                print('--- %s\n    %s\n%s' % (name, '\n    '.join(lines), '\n'.join(found)), flush=True)
            if args.limit and bad >= args.limit:
                break
    finally:
        daemon.stop()
    print('%d scripts, %d differ' % (n, bad))
    return 1 if bad else 0


if __name__ == '__main__':
    sys.exit(main())
