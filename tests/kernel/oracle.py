# SPDX-License-Identifier: BSD-3-Clause
"""The kernel's side: a network namespace as a router, its links' outer ends in another one.

Both namespaces are anonymous, so the kernel takes them and the veth pairs away when this process
ends, however it ends. All work happens on one CPU: veth hands frames on through that CPU's queue,
in order, so a marker frame that follows a frame proves that nothing of it is still under way.
"""
import ctypes
import fcntl
import os
import socket
import struct
import subprocess

CLONE_NEWNET = 0x40000000
SOL_PACKET, PACKET_IGNORE_OUTGOING = 263, 23
MARKER = 0x88b5
LIBC = ctypes.CDLL(None, use_errno=True)
MLD_GROUP = bytes.fromhex('ff020000000000000000000000000016')


def call(result):
    if result:
        err = ctypes.get_errno()
        raise OSError(err, os.strerror(err))


def new_namespace():
    call(LIBC.unshare(CLONE_NEWNET))
    return os.open('/proc/self/ns/net', os.O_RDONLY)


def enter(fd):
    call(LIBC.setns(fd, CLONE_NEWNET))


class Link:
    """One veth pair: the end inside the router and the end that frames are sent on."""

    def __init__(self, name, router, outside):
        self.name = name
        self.seq = 0
        enter(router)
        self.inner = self.packet_socket(name, MARKER)
        enter(outside)
        self.outer = self.packet_socket('o' + name, 3)
        self.outer.setblocking(False)
        self.inner.settimeout(2)

    @staticmethod
    def packet_socket(device, proto):
        s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
        s.setsockopt(SOL_PACKET, PACKET_IGNORE_OUTGOING, 1)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        s.bind((device, proto))
        return s


class Kernel:
    def __init__(self):
        self.home = os.open('/proc/self/ns/net', os.O_RDONLY)
        self.router = new_namespace()
        self.outside = new_namespace()
        self.links = {}
        self.ip(self.router, 'link set lo up')
        self.sysctl({
            'net/ipv4/ip_forward': 1, 'net/ipv4/icmp_ratelimit': 0,
            'net/ipv4/icmp_msgs_per_sec': 1000000, 'net/ipv4/icmp_msgs_burst': 1000000,
            'net/ipv4/conf/all/rp_filter': 0, 'net/ipv4/conf/default/rp_filter': 0,
            'net/ipv4/conf/all/accept_redirects': 0,
            'net/ipv6/conf/all/forwarding': 1, 'net/ipv6/conf/default/accept_dad': 0,
            'net/ipv6/conf/default/router_solicitations': 0,
            'net/ipv6/conf/default/accept_ra': 0, 'net/ipv6/conf/all/accept_redirects': 0,
            'net/ipv6/icmp/ratelimit': 0, 'net/ipv6/auto_flowlabels': 0,
        })

    def close(self):
        for link in self.links.values():
            link.inner.close()
            link.outer.close()
        enter(self.home)
        for fd in (self.router, self.outside, self.home):
            os.close(fd)

    def ip(self, where, words):
        """ip(8) in namespace @where. Return: '' or what it complained about."""
        r = subprocess.run(['ip'] + words.split(), preexec_fn=lambda: enter(where),
                           capture_output=True, text=True)
        return (r.stderr.strip() or 'failed') if r.returncode else ''

    def sysctl(self, values):
        enter(self.router)
        for path, value in values.items():
            with open('/proc/sys/' + path, 'w') as f:
                f.write(str(value))
        enter(self.outside)

    def must(self, where, words):
        err = self.ip(where, words)
        if err:
            raise RuntimeError('ip %s: %s' % (words, err))

    def add_link(self, name, mac, mtu):
        self.must(self.outside, 'link add o%s mtu 9100 type veth peer name %s mtu %u netns '
                  '/proc/%u/fd/%u' % (name, name, mtu, os.getpid(), self.router))
        self.must(self.outside, 'link set dev o%s addrgenmode none up' % name)
        self.sysctl({'net/%s/neigh/%s/%s' % (family, name, knob): value
                     for family in (('ipv4', 'ipv6') if mtu >= 1280 else ('ipv4',))
                     for knob, value in (('delay_first_probe_time', 600), ('proxy_delay', 0))})
        self.must(self.router, 'link set dev %s address %s up' % (name, mac))
        self.links[name] = Link(name, self.router, self.outside)
        for where, device in ((self.outside, 'o' + name), (self.router, name)):
            enter(where)
            self.offloads_off(device)
        enter(self.outside)

    @staticmethod
    def offloads_off(device):
        """So that checksums are computed where a real wire would need them."""
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            for command in (0x17, 0x15, 0x1f, 0x2c):  # tx csum, rx csum, tso, gro
                value = ctypes.create_string_buffer(struct.pack('II', command, 0))
                try:
                    fcntl.ioctl(s, 0x8946, struct.pack('16sP', device.encode(),
                                                       ctypes.addressof(value)) + b'\0' * 16)
                except OSError:
                    pass

    SYSCTLS = {
        'forwarding4': 'net/ipv4/ip_forward', 'forwarding6': 'net/ipv6/conf/all/forwarding',
        'ttl': 'net/ipv4/ip_default_ttl', 'icmp_ratelimit_ms': 'net/ipv4/icmp_ratelimit',
        'icmp_echo_ignore_all': 'net/ipv4/icmp_echo_ignore_all',
        'icmp_echo_ignore_broadcasts': 'net/ipv4/icmp_echo_ignore_broadcasts',
        'icmp_msgs_per_sec': 'net/ipv4/icmp_msgs_per_sec',
        'icmp_msgs_burst': 'net/ipv4/icmp_msgs_burst',
    }

    def conf(self, knob, value):
        if knob in self.SYSCTLS:
            self.sysctl({self.SYSCTLS[knob]: value})
            return ''
        for link in list(self.links) + ['all', 'default']:
            self.sysctl({'net/ipv4/conf/%s/%s' % (link, knob): value})
        return ''

    def configure(self, line):
        """A line as tests/kernel/tenant.c takes it. Return: '' or the complaint."""
        w = line.split()
        if w[0] == 'link':
            return self.add_link(w[1], w[2], int(w[3])) or ''
        if w[0] == 'addr':
            return self.ip(self.router, 'addr %s %s dev %s' % (
                w[1], ' '.join(w[3:] + (['nodad'] if ':' in w[3] and w[1] == 'add' else [])),
                w[2]))
        if w[0] == 'route':
            family = '-6 ' if ':' in line else ''
            return self.ip(self.router, family + line)
        if w[0] == 'neigh' and w[1] == 'add':
            return self.ip(self.router, 'neigh replace %s lladdr %s dev %s nud permanent' %
                           (w[3], w[4], w[2]))
        if w[0] == 'neigh':
            return self.ip(self.router, 'neigh del %s dev %s' % (w[3], w[2]))
        if w[0] == 'conf':
            return self.conf(w[1], w[2])
        if w[0] == 'mtu':
            return self.ip(self.router, 'link set dev %s mtu %s' % (w[1], w[2]))
        if w[0] == 'up':
            return self.ip(self.router, 'link set dev %s %s' % (w[1], 'up' if w[2] == '1' else 'down'))
        raise ValueError(line)

    def send(self, name, frame):
        """What comes out of all links, [(link, bytes)], because @frame arrived at @name."""
        link = self.links[name]
        link.outer.send(frame)
        self.mark(link)
        return self.drain()

    def mark(self, link):
        """Once the marker is through in both directions, so is all that was sent before it."""
        link.seq += 1
        body = struct.pack('!HI', MARKER, link.seq)
        link.outer.send(b'\xff' * 6 + b'\2' * 6 + body + b'\0' * 40)
        while link.inner.recv(100)[12:18] != body:
            pass
        link.inner.send(b'\xff' * 6 + b'\3' * 6 + body + b'\0' * 40)
        link.marker = body

    def drain(self):
        out = []
        for name, link in self.links.items():
            while True:
                try:
                    frame = link.outer.recv(10000)
                except BlockingIOError:
                    break
                if frame[12:14] == b'\x88\xb5' or (frame[12:14] == b'\x86\xdd' and
                                                   frame[38:54] == MLD_GROUP):
                    continue
                out.append((name, frame))
        return out
