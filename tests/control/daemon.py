# SPDX-License-Identifier: BSD-3-Clause
"""A daemon of one's own for a test: started without ports and without hugepages, on a socket in a
temporary folder; stopped, and its exit code checked, at the end."""
import os
import shutil
import subprocess
import sys
import tempfile
import time


class Daemon:
    def __init__(self, build, user=None):
        self.dir = tempfile.mkdtemp(prefix='nsplane-test-')
        os.chmod(self.dir, 0o755)
        self.socket = os.path.join(self.dir, 'socket')
        self.cli = os.path.join(build, 'apps/nsplane/nsplane')
        self.shim = os.path.join(build, 'apps/shim/libnsplane-shim.so')
        self.log = open(os.path.join(self.dir, 'log'), 'w+')
        self.env = dict(os.environ, NSPLANE_SOCKET=self.socket, NSPLANE_SHIM=self.shim, LC_ALL='C')
        # a preloaded library stands before the sanitizer's own, which refuses that unless told
        told = os.environ.get('ASAN_OPTIONS')
        self.env['ASAN_OPTIONS'] = (told + ':' if told else '') + 'verify_asan_link_order=0'
        self.env.pop('LD_PRELOAD', None)
        self.process = subprocess.Popen(
            [os.path.join(build, 'apps/nsplaned/nsplaned'), '--socket', self.socket, '--',
             '--no-huge', '--no-shconf', '-m', '256'],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            user=user, cwd='/' if user is not None else None)
        until = time.monotonic() + 60
        while not self.ready():
            if self.process.poll() is not None or time.monotonic() > until:
                self.log.seek(0)
                sys.stderr.write(self.log.read())
                raise RuntimeError('nsplaned did not start')
            time.sleep(0.02)

    def ready(self):
        with open(self.log.name) as f:
            return 'nsplaned: ready' in f.read()

    def run(self, *words, **options):
        """The command; a completed process with text."""
        return subprocess.run([self.cli, *words], env=self.env, capture_output=True, text=True,
                              timeout=60, **options)

    def ip(self, tenant, *words, **options):
        return self.run('exec', tenant, 'ip', *words, **options)

    def stop(self):
        """Clean exit within a bound, whatever clients did before."""
        self.process.terminate()
        try:
            code = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        self.log.seek(0)
        text = self.log.read()
        self.log.close()
        shutil.rmtree(self.dir, ignore_errors=True)
        assert code == 0, 'nsplaned ended with %d:\n%s' % (code, text)
        return text
