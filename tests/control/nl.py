# SPDX-License-Identifier: BSD-3-Clause
"""The control socket by hand: requests as bytes, so that wrong ones can be sent too."""
import array
import os
import socket
import struct

NEWNSID, DELNSID, GETNSID = 88, 89, 90
REQUEST, ACK, DUMP, MULTI = 1, 4, 0x300, 2
ERROR, DONE = 2, 3
HELLO, GROUPS, OPTION, WORDS, TEXT, GETFD = range(0x400, 0x406)
NSID, PID, FD, TARGET, CURRENT = 1, 2, 3, 4, 5


def attr(kind, value, fmt='i'):
    data = value if isinstance(value, bytes) else struct.pack('=' + fmt, value)
    return struct.pack('=HH', 4 + len(data), kind) + data + b'\0' * (-len(data) % 4)


class Session:
    def __init__(self, path, tenant=''):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.sock.settimeout(10)
        self.sock.connect(path)
        self.seq = 0
        self.fds = []
        self.option(11, 1)  # NETLINK_EXT_ACK
        if tenant:
            err, _ = self.enter(tenant)
            assert err == 0, os.strerror(err)

    def close(self):
        self.sock.close()

    def send(self, kind, flags, payload, fds=(), length=None):
        self.seq += 1
        head = struct.pack('=IHHII', length or 16 + len(payload), kind, flags, self.seq, 0)
        anc = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))] if fds else []
        self.sock.sendmsg([head + payload], anc)
        return self.seq

    def receive(self):
        """Messages of the next datagram as (kind, flags, seq, port, payload)."""
        data, anc, _, _ = self.sock.recvmsg(1 << 20, 4096)
        for level, kind, body in anc:
            if (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS):
                self.fds += array.array('i', body[:len(body) // 4 * 4])
        out = []
        while len(data) >= 16:
            length, kind, flags, seq, port = struct.unpack('=IHHII', data[:16])
            out.append((kind, flags, seq, port, data[16:length]))
            data = data[(length + 3) // 4 * 4:]
        return out

    def ask(self, kind, payload, flags=ACK, fds=()):
        """(errno, replies): until the acknowledgement, or the end of a dump."""
        seq = self.send(kind, REQUEST | flags, payload, fds)
        replies = []
        while True:
            for message in self.receive():
                if message[2] != seq:
                    continue
                if message[0] == ERROR:
                    return -struct.unpack('=i', message[4][:4])[0], replies
                if message[0] == DONE:
                    return 0, replies
                replies.append(message)

    def option(self, number, value):
        assert self.ask(OPTION, struct.pack('=II', number, value))[0] == 0

    def enter(self, tenant):
        return self.ask(HELLO, struct.pack('=I', 0) + tenant.encode() + b'\0')

    def words(self, *words):
        err, replies = self.ask(WORDS, b''.join(w.encode() + b'\0' for w in words), 0)
        return err, b''.join(m[4] for m in replies).decode()

    def fd(self, tenant):
        """A descriptor of the tenant."""
        err, _ = self.ask(GETFD, tenant.encode() + b'\0')
        assert err == 0 and self.fds
        return self.fds.pop()

    def nsid(self, kind, *attrs, flags=ACK, fds=(), pad=b'\0\0\0\0'):
        return self.ask(kind, pad + b''.join(attrs), flags, fds)


def nsids(replies):
    """Attributes of NSID replies, each as a dict; all must be of the type NEWNSID."""
    found = []
    for kind, _, _, _, payload in replies:
        assert kind == NEWNSID
        at, d = 4, {}
        while at + 4 <= len(payload):
            length, number = struct.unpack('=HH', payload[at:at + 4])
            d[number] = struct.unpack('=i', payload[at + 4:at + 8])[0]
            at += (length + 3) // 4 * 4
        found.append(d)
    return found
