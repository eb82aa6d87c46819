# SPDX-License-Identifier: BSD-3-Clause
"""Frames, byte by byte. Every field can be given wrongly; what is None is computed."""
import socket
import struct

ETH4, ETH6, ETH_ARP = 0x0800, 0x86dd, 0x0806
ICMP, TCP, UDP, ICMP6, FRAG6, HOPOPTS, DSTOPTS, ROUTING, NONE6 = 1, 6, 17, 58, 44, 0, 60, 43, 59
DF, MF = 0x4000, 0x2000
BROADCAST = b'\xff' * 6


def mac(text):
    return bytes.fromhex(text.replace(':', ''))


def a4(text):
    return socket.inet_pton(socket.AF_INET, text)


def a6(text):
    return socket.inet_pton(socket.AF_INET6, text)


def csum(data):
    if len(data) & 1:
        data += b'\0'
    s = sum(struct.unpack('!%dH' % (len(data) // 2), data))
    while s >> 16:
        s = (s & 0xffff) + (s >> 16)
    return ~s & 0xffff


def pattern(n):
    return bytes(i & 0xff for i in range(n))


def eth(dst, src, kind, payload):
    return dst + src + struct.pack('!H', kind) + payload


def ip4(src, dst, proto, payload=b'', ttl=64, ident=0x1234, off=0, tos=0, opts=b'', ver=4,
        ihl=None, total=None, check=None):
    opts += b'\0' * (-len(opts) % 4)
    ihl = 5 + len(opts) // 4 if ihl is None else ihl
    total = 20 + len(opts) + len(payload) if total is None else total
    head = struct.pack('!BBHHHBBH', ver << 4 | ihl, tos, total & 0xffff, ident, off, ttl, proto, 0)
    head += a4(src) + a4(dst) + opts
    check = csum(head[:max(ihl * 4, 20)]) if check is None else check
    return head[:10] + struct.pack('!H', check) + head[12:] + payload


def ip6(src, dst, proto, payload=b'', hlim=64, plen=None, ver=6, tc=0, label=0):
    plen = len(payload) if plen is None else plen
    return struct.pack('!IHBB', ver << 28 | tc << 20 | label, plen & 0xffff, proto, hlim) + \
        a6(src) + a6(dst) + payload


def pseudo(src, dst, proto, length):
    if ':' in dst:
        return a6(src) + a6(dst) + struct.pack('!II', length, proto)
    return a4(src) + a4(dst) + struct.pack('!BBH', 0, proto, length & 0xffff)


def checked(src, dst, proto, data, at, check):
    """Puts the checksum at offset @at, or @check where it is given."""
    if check is None:
        check = csum(pseudo(src, dst, proto, len(data)) + data)
        if check == 0 and proto == UDP:
            check = 0xffff
    return data[:at] + struct.pack('!H', check) + data[at + 2:]


def udp(src, dst, payload=b'', sport=1000, dport=2000, length=None, check=None):
    length = 8 + len(payload) if length is None else length
    data = struct.pack('!HHHH', sport, dport, length & 0xffff, 0) + payload
    return checked(src, dst, UDP, data, 6, check)


def tcp(src, dst, flags, payload=b'', seq=0x1000, ack=0x2000, sport=1000, dport=80, off=5,
        check=None, opts=b''):
    data = struct.pack('!HHIIBBHHH', sport, dport, seq, ack, off << 4, flags, 8192, 0, 0)
    return checked(src, dst, TCP, data + opts + payload, 16, check)


def icmp(kind, code=0, rest=b'\x12\x34\0\1', payload=b'', check=None):
    data = struct.pack('!BBH', kind, code, 0) + rest + payload
    check = csum(data) if check is None else check
    return data[:2] + struct.pack('!H', check) + data[4:]


def icmp6(src, dst, kind, code=0, rest=b'\x12\x34\0\1', payload=b'', check=None):
    data = struct.pack('!BBH', kind, code, 0) + rest + payload
    return checked(src, dst, ICMP6, data, 2, check)


def arp(op, sha, spa, tha, tpa, hrd=1, pro=ETH4, hln=6, pln=4):
    return struct.pack('!HHBBH', hrd, pro, hln, pln, op) + sha + a4(spa) + tha + a4(tpa)


def fragments4(src, dst, proto, data, sizes, ident, **how):
    """IPv4 fragments of @data; each of @sizes but the last a multiple of 8."""
    out, at = [], 0
    for n in sizes:
        more = MF if at + n < len(data) else 0
        out.append(ip4(src, dst, proto, data[at:at + n], ident=ident, off=at // 8 | more, **how))
        at += n
    return out


def frag6(nxt, off, more, ident):
    return struct.pack('!BBHI', nxt, 0, off << 3 | more, ident)
