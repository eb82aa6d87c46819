# SPDX-License-Identifier: BSD-3-Clause
"""IPv6: forwarding, errors, scopes, local delivery, extension headers."""
from case import Case, fresh6, via6
from frames import (DSTOPTS, FRAG6, HOPOPTS, ICMP6, NONE6, ROUTING, TCP, UDP, frag6, icmp6, ip6, mac,
                    pattern, tcp, udp)
from topology import MACS, link_local

ME = '2001:db8:a::1'
LL = link_local(MACS['a'])
NEAR, FAR = '2001:db8:b::2', '2001:db8:16::5'


def u(dst, n=18, src=None, **how):
    src = src or fresh6()
    return ip6(src, dst, UDP, udp(src, dst, pattern(n)), **how)


def echo(dst, src=None, n=10, **how):
    src = src or fresh6()
    return ip6(src, dst, ICMP6, icmp6(src, dst, 128, payload=pattern(n)), **how)


def syn(dst, src=None, flags=2, **how):
    src = src or fresh6()
    return ip6(src, dst, TCP, tcp(src, dst, flags), **how)


def forwarding():
    for dst in (NEAR, FAR, '2001:db8:c::3', '2001:db8:25::1', '2001:db8:23::1', '2001:db8:20::1',
                '2001:db8:17::1', '2001:db8:18::1', '2001:db8:19::1', '2001:4860::8', '2001:db8:a::3'):
        yield Case('udp6 to ' + dst, via6(u(dst)))
        yield Case('tcp6 to ' + dst, via6(syn(dst)))
        yield Case('echo6 to ' + dst, via6(echo(dst)))
        src = fresh6()
        yield Case('icmp6 error to ' + dst, via6(ip6(src, dst, ICMP6, icmp6(src, dst, 1, payload=pattern(50)))))
        yield Case('redirect message to ' + dst, via6(ip6(src, dst, ICMP6, icmp6(src, dst, 137, payload=pattern(50)))))
        for h in (0, 1, 2, 3, 64, 255):
            yield Case('hop limit %u to %s' % (h, dst), via6(u(dst, hlim=h)))
    for tc, label in ((0xff, 0xfffff), (3, 1), (0xb8, 0)):
        yield Case('traffic class %x label %x' % (tc, label), via6(u(NEAR, tc=tc, label=label)))
        yield Case('hop limit 1, class %x label %x' % (tc, label), via6(u(NEAR, tc=tc, label=label, hlim=1)))
    for n in (0, 1, 2, 100, 1183, 1184, 1185, 1231, 1232, 1233, 1300, 1351, 1352, 1353, 1400, 1451, 1452):
        for dst in (NEAR, '2001:db8:20::1', '2001:db8:22::1'):
            yield Case('%u bytes to %s' % (n, dst), via6(u(dst, n)))
        yield Case('%u bytes with hop limit 1' % n, via6(u(NEAR, n, hlim=1)))
    for n in (1, 4, 40):
        yield Case('%u bytes behind the packet' % n, via6(u(NEAR) + pattern(n)))
    for proto in (2, 4, 41, 47, 50, 51, 59, 89, 135, 139, 140, 255):
        yield Case('protocol %u' % proto, via6(ip6(fresh6(), NEAR, proto, pattern(30))))


def headers():
    for ver in (0, 4, 5, 7, 15):
        yield Case('version6 %u' % ver, via6(u(NEAR, ver=ver)))
    for plen in (0, 1, 25, 26, 27, 100, 65535):
        yield Case('payload length %u of 26' % plen, via6(u(NEAR, plen=plen)))
        yield Case('payload length %u of 26 to the router' % plen, via6(u(ME, plen=plen)))
    whole = u(NEAR)
    for n in range(0, len(whole), 3):
        yield Case('ipv6 cut after %u bytes' % n, via6(whole[:n]))


ODD = ('::', '::1', '::2', '::ffff:10.0.0.1', '::10.0.1.2', 'fe80::9', 'fe80::2', 'fec0::1', 'fc00::1', 'ff00::1',
       'ff01::1', 'ff02::1', 'ff02::2', 'ff02::16', 'ff02::1:ff00:1', 'ff02::1:ff00:77', 'ff05::2', 'ff0e::1', 'ff0f::1', ME,
       LL, '2001:db8:b::1', '2001:db8:a::', '2001:db8:b::', '2001:db8:a:ffff::', 'fe80::', '64:ff9b::1', '100::1',
       '2002:7f00:1::1', 'febf::1', 'ff12::1', 'ff22::1')


def addresses():
    for a in ODD:
        group = mac('33:33:00:00:00:00')[:2] + bytes.fromhex('00000001') if a.startswith('ff') else None
        for name, dst in (('', None),) + ((('in a group frame, ', group),) if group else ()):
            yield Case('%sudp6 to %s' % (name, a), via6(u(a), dst=dst))
            yield Case('%secho6 to %s' % (name, a), via6(echo(a), dst=dst))
            yield Case('%stcp6 to %s' % (name, a), via6(syn(a), dst=dst))
            yield Case('%sunknown protocol to %s' % (name, a), via6(ip6(fresh6(), a, 200, pattern(9)), dst=dst))
            yield Case('%secho6 to %s from a host' % (name, a), via6(echo(a, '2001:db8:a::3'), dst=dst))
            yield Case('%secho6 to %s from link-local' % (name, a), via6(echo(a, 'fe80::3'), dst=dst))
        for dst in (NEAR, ME, LL, 'ff02::1', '2001:4860::1', '2001:db8:18::1'):
            yield Case('udp6 from %s to %s' % (a, dst), via6(u(dst, src=a)))
            yield Case('echo6 from %s to %s' % (a, dst), via6(echo(dst, a)))
        yield Case('hop limit 1 from %s' % a, via6(u(NEAR, src=a, hlim=1)))
        yield Case('udp6 between %s' % a, via6(u(a, src=a)))
    for what, m in (('broadcast', b'\xff' * 6), ('multicast', b'\x33\x33\0\0\0\1'), ('another', b'\2\0\0\0\x77\x77')):
        for dst in (NEAR, FAR, ME, LL, '2001:4860::1', '2001:db8:18::1'):
            yield Case('udp6 to %s in a %s frame' % (dst, what), via6(u(dst), dst=m))
            yield Case('tcp6 to %s in a %s frame' % (dst, what), via6(syn(dst), dst=m))
            yield Case('echo6 to %s in a %s frame' % (dst, what), via6(echo(dst), dst=m))
            yield Case('hop limit 1 to %s in a %s frame' % (dst, what), via6(u(dst, hlim=1), dst=m))


def local():
    for n in list(range(0, 10)) + [100, 1000, 1232, 1233, 1451, 1452]:
        yield Case('echo6 with %u bytes' % n, via6(echo(ME, n=n)))
    for dst in (ME, LL, '2001:db8:b::1', '2001:db8:a::', 'ff02::1', 'ff02::2'):
        for src in ('2001:db8:a::2', 'fe80::2', '2001:db8:b::7'):
            yield Case('echo6 %s to %s' % (src, dst), via6(echo(dst, src)))
            yield Case('udp6 %s to %s' % (src, dst), via6(u(dst, src=src)))
            yield Case('tcp6 %s to %s' % (src, dst), via6(syn(dst, src)))
            yield Case('protocol %s to %s' % (src, dst), via6(ip6(src, dst, 200, pattern(8))))
    for kind in list(range(0, 6)) + [100, 101, 127] + list(range(128, 165)) + [200, 201, 255]:
        src = fresh6()
        yield Case('icmp6 type %u' % kind, via6(ip6(src, ME, ICMP6, icmp6(src, ME, kind, payload=pattern(40)))))
    for code in (1, 255):
        src = fresh6()
        yield Case('echo6 code %u' % code, via6(ip6(src, ME, ICMP6, icmp6(src, ME, 128, code))))
    for check in (0, 1, 0xffff):
        src = fresh6()
        yield Case('echo6 checksum %x' % check, via6(ip6(src, ME, ICMP6, icmp6(src, ME, 128, check=check))))
        yield Case('udp6 checksum %x' % check, via6(ip6(src, ME, UDP, udp(src, ME, b'abc', check=check))))
        yield Case('tcp6 checksum %x' % check, via6(ip6(src, ME, TCP, tcp(src, ME, 2, check=check))))
    for n in range(0, 9):
        yield Case('icmp6 of %u bytes' % n, via6(ip6(fresh6(), ME, ICMP6, pattern(n))))
        yield Case('udp6 of %u bytes' % n, via6(ip6(fresh6(), ME, UDP, pattern(n))))
    for length in (0, 7, 8, 10, 11, 12, 65535):
        src = fresh6()
        yield Case('udp6 length %u of 11' % length, via6(ip6(src, ME, UDP, udp(src, ME, b'abc', length=length))))
    for flags in (0, 1, 2, 4, 8, 0x10, 0x11, 0x12, 0x14, 0x18, 0x3f, 0xff):
        yield Case('tcp6 flags %x' % flags, via6(syn(ME, flags=flags)))
    for tc, label in ((0xff, 0xfffff), (3, 0), (0xb8, 0x12345)):
        yield Case('echo6 class %x label %x' % (tc, label), via6(echo(ME, tc=tc, label=label)))
        yield Case('tcp6 class %x label %x' % (tc, label), via6(syn(ME, tc=tc, label=label)))
        yield Case('udp6 class %x label %x' % (tc, label), via6(u(ME, tc=tc, label=label)))
    for h in (0, 1, 255):
        yield Case('echo6 hop limit %u' % h, via6(echo(ME, hlim=h)))
    for proto in (2, 4, 41, 47, 50, 51, 59, 89, 103, 135, 139, 140, 253, 255, 1):
        yield Case('protocol %u to the router, IPv6' % proto, via6(ip6(fresh6(), ME, proto, pattern(30))))
    for n in (0, 500, 1400):
        yield Case('udp6 of %u bytes to a closed port' % n, via6(u(ME, n)))


def tlv(kind, length, data=None):
    return bytes([kind, length]) + (b'\0' * length if data is None else data)


def ext(nxt, opts):
    body = bytes([nxt, 0]) + opts
    body += {0: b'', 1: b'\0'}.get(-len(body) % 8, b'\1' + bytes([max(0, -len(body) % 8 - 2)]) + b'\0' * max(0, -len(body) % 8 - 2))
    return bytes([nxt, len(body) // 8 - 1]) + body[2:]


def extensions():
    options = {'padn': tlv(1, 4), 'pad1': b'\0' * 6, 'unknown skip': tlv(0x1e, 4), 'unknown drop': tlv(0x5e, 4),
               'unknown error': tlv(0x9e, 4), 'unknown error unicast': tlv(0xde, 4), 'alert': tlv(5, 2) + b'\1\0',
               'jumbo': tlv(0xc2, 4), 'too long': b'\x1e\x20\0\0\0\0', 'padn 8': tlv(1, 12), 'padn with data': tlv(1, 4, b'\0\1\0\0'),
               'pad1 8': b'\0' * 14, 'home': tlv(201, 16), 'tunnel limit': tlv(4, 1, b'\1') + b'\1\1\0'}
    for dst in (NEAR, ME, 'ff02::1', '2001:4860::1'):
        for name, o in options.items():
            for kind, what in ((HOPOPTS, 'hop-by-hop'), (DSTOPTS, 'destination')):
                src = fresh6()
                yield Case('%s %s to %s, udp' % (what, name, dst),
                           via6(ip6(src, dst, kind, ext(UDP, o) + udp(src, dst, pattern(9)))))
                yield Case('%s %s to %s, echo' % (what, name, dst),
                           via6(ip6(src, dst, kind, ext(ICMP6, o) + icmp6(src, dst, 128, payload=b'abcd'))))
        src = fresh6()
        for kind, name in ((HOPOPTS, 'hop-by-hop'), (DSTOPTS, 'destination'), (ROUTING, 'routing')):
            for cut in (0, 1, 4, 7):
                yield Case('%s cut at %u to %s' % (name, cut, dst), via6(ip6(fresh6(), dst, kind, ext(UDP, b'\1\4\0\0\0\0')[:cut])))
            yield Case('%s longer than the packet to %s' % (name, dst), via6(ip6(fresh6(), dst, kind, b'\x11\xff' + b'\0' * 30)))
        yield Case('destination, then hop-by-hop to %s' % dst,
                   via6(ip6(src, dst, DSTOPTS, ext(HOPOPTS, b'\1\4\0\0\0\0') + ext(UDP, b'\1\4\0\0\0\0') + udp(src, dst))))
        yield Case('hop-by-hop, then destination, then tcp to %s' % dst,
                   via6(ip6(src, dst, HOPOPTS, ext(DSTOPTS, b'\1\4\0\0\0\0') + ext(TCP, b'\1\4\0\0\0\0') + tcp(src, dst, 2))))
        yield Case('hop-by-hop, then unknown to %s' % dst,
                   via6(ip6(src, dst, HOPOPTS, ext(200, b'\1\4\0\0\0\0') + pattern(9))))
        yield Case('hop-by-hop, hop limit 1 to %s' % dst,
                   via6(ip6(src, dst, HOPOPTS, ext(UDP, b'\1\4\0\0\0\0') + udp(src, dst), hlim=1)))
        yield Case('no next header to %s' % dst, via6(ip6(src, dst, NONE6, pattern(20))))
        yield Case('destination, then none, to %s' % dst, via6(ip6(src, dst, DSTOPTS, ext(NONE6, b'\1\4\0\0\0\0') + pattern(9))))
        for kind, left in ((0, 0), (0, 1), (2, 0), (2, 1), (3, 0), (3, 1), (4, 0), (4, 1), (5, 1), (99, 0), (99, 1)):
            yield Case('routing type %u left %u to %s' % (kind, left, dst), via6(ip6(
                fresh6(), dst, ROUTING, bytes([UDP, 2, kind, left]) + b'\0' * 20 + udp(src, dst, pattern(9)))))
        for off, more in ((0, 0), (0, 1), (10, 0), (10, 1), (8191, 0)):
            yield Case('fragment %u %u to %s' % (off, more, dst),
                       via6(ip6(fresh6(), dst, FRAG6, frag6(UDP, off, more, 77) + pattern(32))))
            yield Case('fragment %u %u to %s, hop limit 1' % (off, more, dst),
                       via6(ip6(fresh6(), dst, FRAG6, frag6(UDP, off, more, 78) + pattern(32), hlim=1)))
            yield Case('fragment of an icmp error %u %u to %s, hop limit 1' % (off, more, dst),
                       via6(ip6(fresh6(), dst, FRAG6, frag6(ICMP6, off, more, 78) + b'\1' + pattern(31), hlim=1)))


def cases():
    for part in (forwarding, headers, addresses, local, extensions):
        yield from part()
