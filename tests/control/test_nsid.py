# SPDX-License-Identifier: BSD-3-Clause
"""SEMANTICS 5 and 6 row by row, over the real socket."""
import errno
import os
import tempfile

import pytest

from daemon import Daemon
from nl import (ACK, CURRENT, DELNSID, DUMP, FD, GETNSID, NEWNSID, NSID, PID, TARGET, Session, attr, nsids)


@pytest.fixture(scope='module')
def daemon():
    d = Daemon(os.environ['NSPLANE_BUILD'])
    yield d
    d.stop()


@pytest.fixture
def root(daemon):
    s = Session(daemon.socket)
    for name in ('red', 'blue', 'green'):
        assert s.words('netns', 'add', name)[0] == 0
    yield s
    for name in ('red', 'blue', 'green'):
        s.words('netns', 'del', name)
    s.close()


@pytest.fixture
def red(daemon, root):
    s = Session(daemon.socket, 'red')
    yield s
    s.close()


def test_newnsid_without_nsid_or_peer_is_einval(red, root):
    fd = root.fd('blue')
    assert red.nsid(NEWNSID, attr(FD, 0), fds=[fd])[0] == errno.EINVAL
    assert red.nsid(NEWNSID, attr(NSID, 5))[0] == errno.EINVAL
    assert red.nsid(GETNSID, attr(NSID, 5))[0] == errno.ENOENT
    os.close(fd)


def test_newnsid_by_descriptor(red, root):
    fd = root.fd('blue')
    assert red.nsid(NEWNSID, attr(NSID, 5), attr(FD, 0), fds=[fd])[0] == 0
    assert nsids(red.nsid(GETNSID, attr(FD, 0), fds=[fd])[1]) == [{NSID: 5}]
    assert nsids(red.nsid(GETNSID, attr(NSID, 5))[1]) == [{NSID: 5}]
    assert red.nsid(NEWNSID, attr(NSID, 6), attr(FD, 0), fds=[fd])[0] == errno.EEXIST
    other = root.fd('green')
    assert red.nsid(NEWNSID, attr(NSID, 5), attr(FD, 0), fds=[other])[0] == errno.EEXIST
    assert nsids(red.nsid(GETNSID, attr(FD, 0), fds=[other])[1]) == [{NSID: -1}]
    assert red.nsid(NEWNSID, attr(NSID, 0x7fffffff), attr(FD, 0), fds=[other])[0] == 0
    os.close(fd)
    os.close(other)


def test_pid_wins_and_bad_ones_fail(red, root, daemon):
    fd = root.fd('blue')
    assert red.nsid(NEWNSID, attr(NSID, 5), attr(PID, 4194303), attr(FD, 0), fds=[fd])[0] == errno.ESRCH
    assert red.nsid(GETNSID, attr(PID, os.getpid()))[0] == 0
    os.close(fd)


def test_bad_descriptors(red, root):
    assert red.nsid(NEWNSID, attr(NSID, 5), attr(FD, 0))[0] == errno.EBADF
    assert red.nsid(GETNSID, attr(FD, 77))[0] == errno.EBADF
    with tempfile.TemporaryFile() as f:
        assert red.nsid(NEWNSID, attr(NSID, 5), attr(FD, 0), fds=[f.fileno()])[0] == errno.EINVAL
    assert nsids(red.nsid(GETNSID, flags=DUMP)[1]) == []


def test_unknown_and_short_attributes_change_nothing(red, root):
    fd = root.fd('blue')
    for bad in (attr(17, 1), attr(NSID, b'\1\2'), attr(PID, b'\1'), attr(NSID, b'12345678')):
        assert red.nsid(NEWNSID, attr(NSID, 5), attr(FD, 0), bad, fds=[fd])[0] == errno.EINVAL
    assert nsids(red.nsid(GETNSID, flags=DUMP)[1]) == []
    os.close(fd)


def test_dump_has_each_id_once(red, root):
    want = []
    for i, name in enumerate(('blue', 'green', 'red')):
        fd = root.fd(name)
        assert red.nsid(NEWNSID, attr(NSID, 10 * i), attr(FD, 0), fds=[fd])[0] == 0
        want.append({NSID: 10 * i})
        os.close(fd)
    assert nsids(red.nsid(GETNSID, flags=DUMP)[1]) == want


def test_target_nsid_answers_from_there(red, root):
    blue, green = root.fd('blue'), root.fd('green')
    assert red.nsid(NEWNSID, attr(NSID, 1), attr(FD, 0), fds=[blue])[0] == 0
    assert red.nsid(NEWNSID, attr(NSID, 2), attr(FD, 0), fds=[green])[0] == 0
    assert nsids(red.nsid(GETNSID, attr(NSID, 2), attr(TARGET, 1))[1]) == [{NSID: -1, CURRENT: 2}]
    assert red.nsid(GETNSID, attr(NSID, 2), attr(TARGET, 9))[0] == errno.EINVAL
    os.close(blue)
    os.close(green)


def test_events_reach_who_listens(red, root, daemon):
    import struct
    from nl import GROUPS
    ear = Session(daemon.socket, 'red')
    assert ear.ask(GROUPS, struct.pack('=II', 28, 1))[0] == 0
    fd = root.fd('blue')
    assert red.nsid(NEWNSID, attr(NSID, 4), attr(FD, 0), fds=[fd])[0] == 0
    assert ear.receive()[0][0] == NEWNSID
    os.close(fd)
    assert root.words('netns', 'del', 'blue')[0] == 0
    assert ear.receive()[0][0] == DELNSID
    ear.close()


def test_a_deleted_tenant_lives_while_held(root, daemon):
    fd = root.fd('green')
    assert root.words('netns', 'del', 'green')[0] == 0
    assert '"deleted":true' in root.words('netns', 'list')[1]
    assert root.nsid(GETNSID, attr(FD, 0), fds=[fd])[0] == 0
    os.close(fd)


def test_identify_and_pids(daemon, root):
    r = daemon.run('exec', 'red', daemon.cli, 'netns', 'identify')
    assert (r.returncode, r.stdout.strip()) == (0, '')
    r = daemon.run('exec', 'red', 'sh', '-c', daemon.cli + ' netns identify $$')
    assert (r.returncode, r.stdout.strip()) == (0, 'red')


@pytest.mark.skipif(os.geteuid() != 0, reason='needs root to become other users')
def test_others_have_no_permission(daemon, root):
    import subprocess
    import sys
    # the other user may not be able to read this folder: the module's text goes along
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), 'nl.py'), encoding='utf-8') as file:
        script = file.read()
    script += ("\ns = Session(%r)\n"
               "print(s.enter('red')[0], s.nsid(NEWNSID, attr(NSID, 1), attr(PID, %d))[0],"
               " s.words('netns', 'del', 'red')[0], s.words('port', 'del', 'x')[0])" % (daemon.socket, os.getpid()))
    r = subprocess.run([sys.executable, '-c', script], user=65534, capture_output=True, text=True, cwd='/')
    assert r.stdout.split() == [str(errno.EPERM)] * 4, r.stderr
