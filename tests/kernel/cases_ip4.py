# SPDX-License-Identifier: BSD-3-Clause
"""IPv4: forwarding and its errors, header faults, martians."""
from case import Case, fresh, via4
from frames import DF, ICMP, MF, TCP, UDP, icmp, ip4, pattern, tcp, udp

NEAR = '10.0.1.2'   # a host on another link
FAR = '172.16.5.5'  # behind a gateway


def u(dst, n=18, src=None, **how):
    """A UDP datagram with @n bytes"""
    src = src or fresh()
    return ip4(src, dst, UDP, udp(src, dst, pattern(n)), **how)


def echo(dst, src=None, payload=b'', **how):
    return ip4(src or fresh(), dst, ICMP, icmp(8, payload=payload), **how)


def syn(dst, src=None, **how):
    src = src or fresh()
    return ip4(src, dst, TCP, tcp(src, dst, 2), **how)


def forwarding():
    for dst in (NEAR, FAR, '192.0.2.2', '192.0.2.8', '10.0.3.3'):
        yield Case('forward udp to ' + dst, via4(u(dst)))
        yield Case('forward tcp to ' + dst, via4(syn(dst)))
        yield Case('forward icmp to ' + dst, via4(echo(dst)))
    for proto in (0, 2, 4, 41, 47, 50, 51, 89, 132, 255):
        yield Case('forward protocol %u' % proto, via4(ip4(fresh(), NEAR, proto, pattern(30))))
    for tos in (1, 2, 3, 0x10, 0x1c, 0xb8, 0xff):
        yield Case('forward tos 0x%x' % tos, via4(u(FAR, tos=tos)))
    for n in (0, 1, 2, 3, 17, 18, 19, 100, 500, 1471, 1472):
        yield Case('forward %u bytes of udp' % n, via4(u(FAR, n)))
        yield Case('forward %u bytes of udp with DF' % n, via4(u(NEAR, n, off=DF)))
    for pad in (1, 4, 17, 100):
        yield Case('forward with %u bytes behind the packet' % pad, via4(u(NEAR) + b'\xee' * pad))
    for ident in (0, 1, 0xffff):
        for check in range(4):
            yield Case('forward id 0x%x checksum edge %u' % (ident, check),
                       via4(u(NEAR, check * 7, ident=ident ^ check * 0x5555)))


def ttl():
    for t in (0, 1, 2, 3, 128, 255):
        for dst in (NEAR, FAR, '172.23.1.1', '10.0.0.1', '172.17.0.1', '172.18.0.1', '8.8.8.8'):
            yield Case('ttl %u to %s' % (t, dst), via4(u(dst, ttl=t)))
    for what, p in (('icmp error', icmp(3, 1, b'\0' * 4, u('10.0.0.2'))),
                    ('echo', icmp(8)), ('echo reply', icmp(0)), ('redirect', icmp(5, 1)),
                    ('parameter problem', icmp(12)), ('time exceeded', icmp(11)),
                    ('timestamp', icmp(13)), ('unknown type', icmp(99)), ('type 1', icmp(1)),
                    ('source quench', icmp(4)), ('router advertisement', icmp(9))):
        yield Case('ttl 1 with icmp %s' % what, via4(ip4(fresh(), NEAR, ICMP, p, ttl=1)))
    yield Case('ttl 1 with icmp cut before its type', via4(ip4(fresh(), NEAR, ICMP, b'', ttl=1)))
    for off in (MF, 1, MF | 1, 100):
        yield Case('ttl 1 in a fragment %x' % off, via4(u(NEAR, ttl=1, off=off)))
    for n in (0, 100, 500, 548, 549, 600, 1400, 1472):
        yield Case('ttl 1 quotes %u bytes' % n, via4(u(FAR, n, ttl=1)))
    for src in ('10.0.1.3', '10.0.0.9', '172.16.9.9', '172.18.1.1', '9.9.9.9'):
        yield Case('ttl 1 from %s' % src, via4(u(NEAR, ttl=1, src=src)))
    for tos in (0x1c, 0xb8, 0xff, 3):
        yield Case('ttl 1 with tos 0x%x' % tos, via4(u(NEAR, ttl=1, tos=tos)))


def routes():
    for dst in ('172.17.1.1', '172.18.1.1', '172.19.1.1', '8.8.8.8', '10.0.9.1'):
        for proto, p in (('udp', u(dst)), ('echo', echo(dst)),
                         ('icmp error', ip4(fresh(), dst, ICMP, icmp(3))),
                         ('tcp', syn(dst)),
                         ('first fragment', u(dst, off=MF)), ('fragment', u(dst, off=MF | 5))):
            yield Case('%s to %s' % (proto, dst), via4(p))
    for i, dst in enumerate(('172.23.1.1', '10.0.0.3', '10.0.0.9')):
        src = '10.0.0.%u' % (100 + i)
        yield Case('redirect towards %s' % dst, via4(u(dst, src=src), src=100 + i))
        yield Case('second redirect towards %s' % dst, via4(u(dst, src=src), src=100 + i))
    for i, t in enumerate((1, 2, 3)):
        yield Case('redirect with ttl %u' % t,
                   via4(u('172.23.1.1', ttl=t, src='10.0.0.%u' % (110 + i)), src=110 + i))
    yield Case('redirect in a fragment',
               via4(u('172.23.1.1', off=MF | 2, src='10.0.0.115'), src=115))
    yield Case('no redirect to one who is far', via4(u('172.23.1.1', src='172.16.3.3')))
    yield Case('no redirect to another subnet', via4(u('172.23.1.1', src='10.0.1.7')))


def headers():
    for ver in (0, 3, 5, 6, 15):
        yield Case('version %u' % ver, via4(u(NEAR, ver=ver)))
    for ihl in range(0, 16):
        yield Case('ihl %u' % ihl, via4(u(NEAR, 60, ihl=ihl)))
    for total in (0, 1, 19, 20, 21, 27, 28, 45, 46, 47, 48, 100, 1500, 65535):
        yield Case('total length %u of 46' % total, via4(u(NEAR, total=total)))
        yield Case('total length %u of 46 to the router' % total, via4(u('10.0.0.1', total=total)))
    for check in (0, 0xffff, 0x1234):
        yield Case('header checksum %x' % check, via4(u(NEAR, check=check)))
        yield Case('header checksum %x to the router' % check, via4(u('10.0.0.1', check=check)))
    whole = u(NEAR)
    for n in range(0, len(whole) + 1):
        yield Case('frame cut after %u bytes of IP' % n, via4(whole[:n]))
    whole = echo('10.0.0.1', payload=pattern(8))
    for n in range(20, len(whole)):
        yield Case('echo cut after %u bytes' % n, via4(whole[:n]))
    for off in (0x8000, 0x8000 | DF, 0x8000 | MF):
        yield Case('evil bit, flags %x' % off, via4(u(NEAR, off=off)))
        yield Case('evil bit to the router, flags %x' % off, via4(u('10.0.0.1', off=off)))


MARTIANS = ('0.0.0.0', '0.1.2.3', '127.0.0.1', '127.255.255.255', '224.0.0.1', '224.0.0.5',
            '239.1.2.3', '240.0.0.1', '255.255.255.254', '255.255.255.255', '10.0.0.1',
            '10.0.1.1', '10.0.0.11', '10.0.0.0', '10.0.0.255', '10.0.1.0', '10.0.1.255',
            '192.0.2.3', '192.0.2.0', '192.0.2.8', '192.0.2.9', '192.0.2.12', '169.254.1.1',
            '100.64.0.1', '192.168.255.255', '172.17.1.1', '172.18.1.1', '172.19.1.1')


BROADCASTS = ('10.0.0.255', '10.0.1.255', '192.0.2.3')


def martians():
    for m in MARTIANS:
        why = 'never answers to broadcast addresses' if m in BROADCASTS else ''
        yield Case('udp to %s' % m, via4(u(m)))
        yield Case('udp from %s' % m, via4(u(NEAR, src=m)))
        yield Case('udp from %s to the router' % m, via4(u('10.0.0.1', src=m)),
                   differs=why)
        yield Case('echo to %s' % m, via4(echo(m, payload=pattern(10))))
        yield Case('echo from %s' % m, via4(echo('10.0.0.1', m)), differs=why)
        yield Case('udp between %s' % m, via4(u(m, src=m)))
        yield Case('ttl 1 from %s' % m, via4(u(NEAR, src=m, ttl=1)), differs=why)
    for dst in ('224.0.0.1', '255.255.255.255', '10.0.0.255', '0.0.0.0'):
        for src in MARTIANS:
            yield Case('udp from %s to %s' % (src, dst), via4(u(dst, src=src)))


def link_layer():
    group = bytes.fromhex('01005e000001')
    for what, mac in (('broadcast', b'\xff' * 6), ('multicast', group),
                      ("somebody else's", b'\2\0\0\0\x77\x77')):
        for dst in (NEAR, FAR, '10.0.0.1', '8.8.8.8', '172.18.1.1', '224.0.0.1', '10.0.0.255',
                    '255.255.255.255'):
            yield Case('udp to %s in a %s frame' % (dst, what), via4(u(dst), dst=mac))
            yield Case('echo to %s in a %s frame' % (dst, what),
                       via4(echo(dst), dst=mac))
            yield Case('tcp to %s in a %s frame' % (dst, what),
                       via4(syn(dst), dst=mac))
        yield Case('ttl 1 in a %s frame' % what, via4(u(NEAR, ttl=1), dst=mac))


def cases():
    for part in (forwarding, ttl, routes, headers, martians, link_layer):
        yield from part()
