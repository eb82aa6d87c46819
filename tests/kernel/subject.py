# SPDX-License-Identifier: BSD-3-Clause
"""The tenant's side: a process of tests/kernel/tenant.c, driven by lines."""
import subprocess


class Tenant:
    def __init__(self, program):
        self.p = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                  bufsize=1 << 16)
        if self.line() != 'ready':
            raise RuntimeError('the tenant under test does not start')

    def line(self):
        text = self.p.stdout.readline()
        if not text:
            raise RuntimeError('the tenant under test died: status %s' % self.p.wait())
        return text.decode().rstrip('\n')

    def say(self, line):
        self.p.stdin.write(line.encode() + b'\n')
        self.p.stdin.flush()

    def configure(self, line):
        """Return: '' or the complaint."""
        self.say(line)
        answer = self.line()
        return '' if answer == 'ok' else answer

    def collect(self):
        out = []
        while True:
            w = self.line().split(' ')
            if w[0] == 'done':
                return out
            out.append((w[1], bytes.fromhex(w[2])) if w[0] == 'out' else tuple(w[1:]))

    def send(self, link, frame):
        self.say('frame %s %s' % (link, frame.hex()))
        return self.collect()

    def poll(self, ms, frames):
        self.say('poll %u %u' % (ms, frames))
        return self.collect()

    def drops(self):
        self.say('drops')
        return {name: int(n) for name, n in self.collect()}

    def close(self):
        self.say('quit')
        self.p.stdin.close()
        self.p.stdout.read()
        return self.p.wait(30)
