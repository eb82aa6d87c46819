# SPDX-License-Identifier: BSD-3-Clause
"""IPv4 to the router itself: ICMP, closed ports, unknown protocols, options; ARP."""
from case import Case, fresh, via4
from frames import (BROADCAST, DF, ETH_ARP, ICMP, MF, TCP, UDP, arp, eth, icmp, ip4, mac, pattern,
                    tcp, udp)
from topology import MACS, host_mac

ME = '10.0.0.1'
BARE = 'answers carry no options'
TARGETS = (ME, '10.0.1.1', '10.0.0.11', '192.0.2.9', '192.0.2.12')


def echoes():
    for n in list(range(0, 20)) + [55, 56, 57, 63, 64, 65, 100, 500, 548, 1000, 1471, 1472]:
        yield Case('echo with %u bytes' % n, via4(ip4(fresh(), ME, ICMP, icmp(8, payload=pattern(n)))))
    for dst in TARGETS:
        yield Case('echo to ' + dst, via4(ip4(fresh(), dst, ICMP, icmp(8, payload=pattern(20)))))
        yield Case('echo with DF to ' + dst, via4(ip4(fresh(), dst, ICMP, icmp(8), off=DF)))
    for tos in (0x10, 0x1e, 0xb8, 0xff, 1, 3):
        yield Case('echo with tos 0x%x' % tos, via4(ip4(fresh(), ME, ICMP, icmp(8), tos=tos)))
    for t in (0, 1, 2, 255):
        yield Case('echo with ttl %u' % t, via4(ip4(fresh(), ME, ICMP, icmp(8), ttl=t)))
    for check in (0, 1, 0xffff):
        yield Case('echo with checksum %x' % check, via4(ip4(fresh(), ME, ICMP, icmp(8, check=check))))
    for code in (1, 7, 255):
        yield Case('echo with code %u' % code, via4(ip4(fresh(), ME, ICMP, icmp(8, code))))
    for dst in ('10.0.0.255', '255.255.255.255', '224.0.0.1', '10.0.1.255', '224.0.0.2'):
        yield Case('echo to all, %s' % dst, via4(ip4(fresh(), dst, ICMP, icmp(8)), dst=BROADCAST))
        yield Case('echo to all if wanted, %s' % dst, 'conf icmp_echo_ignore_broadcasts 0',
                   via4(ip4(fresh(), dst, ICMP, icmp(8)), dst=BROADCAST),
                   via4(ip4(fresh(), dst, ICMP, icmp(8))),
                   'conf icmp_echo_ignore_broadcasts 1')
    yield Case('echo where none is wanted', 'conf icmp_echo_ignore_all 1',
               via4(ip4(fresh(), ME, ICMP, icmp(8))), 'conf icmp_echo_ignore_all 0')
    for t in (1, 30, 255):
        yield Case('echo answered with ttl %u' % t, 'conf ttl %u' % t,
                   via4(ip4(fresh(), ME, ICMP, icmp(8))),
                   via4(ip4(fresh(), '10.0.1.2', UDP, b'12345678', ttl=1)), 'conf ttl 64')


def messages():
    for kind in list(range(0, 45)) + [128, 255]:
        yield Case('icmp type %u' % kind, via4(ip4(fresh(), ME, ICMP, icmp(kind, 0, payload=pattern(40)))))
    for n in range(0, 20):
        yield Case('timestamp with %u bytes' % n,
                   via4(ip4(fresh(), ME, ICMP, icmp(13, 0, payload=pattern(n)))))
    for n in (12, 16, 30, 100):
        yield Case('timestamp and %u bytes' % n,
                   via4(ip4(fresh(), ME, ICMP, icmp(13, 3, payload=pattern(n)))))
    for n in range(0, 8):
        yield Case('icmp of %u bytes' % n, via4(ip4(fresh(), ME, ICMP, icmp(8)[:n])))
    inner = ip4(ME, '10.0.1.2', UDP, udp(ME, '10.0.1.2', b'x'))
    for kind, codes in ((3, range(0, 17)), (4, (0,)), (5, range(0, 5)), (11, (0, 1, 2)), (12, (0, 1, 3))):
        for code in codes:
            yield Case('icmp error %u %u' % (kind, code),
                       via4(ip4(fresh(), ME, ICMP, icmp(kind, code, b'\0\0\2\0', inner))))


def closed():
    for dst in TARGETS:
        src = fresh()
        yield Case('udp to ' + dst, via4(ip4(src, dst, UDP, udp(src, dst, pattern(20)))))
    for n in (0, 1, 8, 100, 520, 521, 548, 549, 1000, 1472):
        src = fresh()
        yield Case('udp with %u bytes' % n, via4(ip4(src, ME, UDP, udp(src, ME, pattern(n)))))
    for check in (0, 1, 0xffff):
        src = fresh()
        yield Case('udp with checksum %x' % check,
                   via4(ip4(src, ME, UDP, udp(src, ME, pattern(9), check=check))))
    for length in (0, 7, 8, 9, 16, 17, 18, 100, 65535):
        src = fresh()
        yield Case('udp length %u of 17' % length,
                   via4(ip4(src, ME, UDP, udp(src, ME, pattern(9), length=length))),
                   via4(ip4(src, ME, UDP, udp(src, ME, pattern(9), length=length, check=0))))
    for n in range(0, 8):
        yield Case('udp header of %u bytes' % n, via4(ip4(fresh(), ME, UDP, pattern(n))))
    for port in (0, 1, 53, 4789, 65535):
        src = fresh()
        yield Case('udp to port %u' % port, via4(ip4(src, ME, UDP, udp(src, ME, b'', dport=port))))
    for flags in range(0, 64):
        src = fresh()
        yield Case('tcp flags 0x%x' % flags, via4(ip4(src, ME, TCP, tcp(src, ME, flags, pattern(5)))))
    for flags in (0x80, 0xc2, 0xff):
        src = fresh()
        yield Case('tcp flags 0x%x' % flags, via4(ip4(src, ME, TCP, tcp(src, ME, flags))))
    for off in range(0, 16):
        src = fresh()
        yield Case('tcp data offset %u' % off,
                   via4(ip4(src, ME, TCP, tcp(src, ME, 2, pattern(30), off=off))))
    for check in (0, 0xffff):
        src = fresh()
        yield Case('tcp checksum %x' % check, via4(ip4(src, ME, TCP, tcp(src, ME, 2, check=check))))
    for tos in (3, 0xb8, 0xff):
        src = fresh()
        yield Case('tcp tos %x' % tos, via4(ip4(src, ME, TCP, tcp(src, ME, 2), tos=tos)))
    for n in range(0, 20, 3):
        yield Case('tcp header of %u bytes' % n, via4(ip4(fresh(), ME, TCP, pattern(n))))
    for seq, ack in ((0, 0), (0xffffffff, 0xffffffff), (0xfffffffe, 1)):
        for flags in (2, 0x10, 0x11, 0x18, 1):
            src = fresh()
            yield Case('tcp seq %x ack %x flags %x' % (seq, ack, flags),
                       via4(ip4(src, ME, TCP, tcp(src, ME, flags, b'abc', seq=seq, ack=ack))))
    for proto in (0, 2, 3, 4, 41, 46, 47, 50, 51, 89, 94, 103, 108, 115, 132, 136, 255):
        yield Case('protocol %u to the router' % proto, via4(ip4(fresh(), ME, proto, pattern(40))),
                   differs='no UDP-Lite' if proto == 136 else '')
        yield Case('protocol %u to all' % proto, via4(ip4(fresh(), '10.0.0.255', proto, pattern(40))))


def options():
    good = {'nop': b'\1\1\1\1', 'end': b'\0\1\2\3', 'unknown': b'\x1e\4\1\2', 'router alert': b'\x94\4\0\0',
            'security': b'\x82\x0b' + b'\0' * 9, 'stream id': b'\x88\4\0\1'}
    bad = {'length 0': b'\x1e\0\1\1', 'length 1': b'\x1e\1\1\1', 'too long': b'\x1e\5\1\1',
           'kind alone': b'\1\1\1\x1e', 'alert of 3': b'\x94\3\0\1', 'alert with value': b'\x94\4\0\1',
           'far too long': b'\x1e\xff\0\0'}
    for dst in ('10.0.1.2', ME, '8.8.8.8', '172.18.1.1', '172.17.1.1', '127.0.0.1', '10.0.0.255'):
        for name, o in list(good.items()) + list(bad.items()):
            yield Case('option %s to %s' % (name, dst),
                       via4(ip4(fresh(), dst, UDP, pattern(20), opts=o)))
    for dst in ('10.0.1.2', ME, '172.16.3.3'):
        for kind, what in ((7, 'record route'), (131, 'loose source route'), (137, 'strict source route')):
            for length, ptr in ((3, 4), (7, 4), (7, 8), (11, 4), (11, 8), (11, 12), (7, 0), (7, 3),
                                (7, 5), (7, 9), (2, 0), (39, 4), (39, 36), (11, 6)):
                o = (bytes([kind, length, ptr]) + b'\x0a\0\1\3' * 9)[:max(length, 2)]
                yield Case('%s, length %u pointer %u to %s' % (what, length, ptr, dst),
                           via4(ip4(fresh(), dst, UDP, pattern(20), opts=o)),
                           differs=BARE if dst == ME else '')
        for flag in (0, 1, 3, 2, 15, 0x10, 0xf0, 0xf1):
            for length, ptr in ((4, 5), (8, 5), (12, 5), (12, 9), (12, 13), (8, 0), (8, 4), (3, 5), (36, 5)):
                o = (bytes([68, length, ptr, flag]) + a4x(dst) + b'\0' * 32)[:length]
                yield Case('timestamp option, length %u pointer %u flag %x to %s' % (length, ptr, flag, dst),
                           via4(ip4(fresh(), dst, UDP, pattern(20), opts=o)),
                           differs=BARE if dst == ME else '')
    for name, o in list(good.items()) + [('record', b'\7\x0b\4' + b'\0' * 8), ('two', b'\7\7\4\0\0\0\0\7\7\4\0\0\0\0')]:
        yield Case('echo with option ' + name, via4(ip4(fresh(), ME, ICMP, icmp(8), opts=o)),
                   differs=BARE)
        yield Case('ttl 1 with option ' + name, via4(ip4(fresh(), '10.0.1.2', UDP, pattern(20), opts=o, ttl=1)),
                   differs=BARE)


def a4x(text):
    return bytes(int(x) for x in text.split('.'))


def arps():
    me, host = MACS['a'], host_mac('a', 2)
    zero = b'\0' * 6
    n = [20]

    def send(name, dst=BROADCAST, src=host, op=1, sha=None, spa=None, tha=zero, tpa=ME, pad=b'', **how):
        n[0] += 1
        spa = '10.0.0.%u' % (n[0] % 70 + 20) if spa is None else spa
        frame = eth(dst, src, ETH_ARP, arp(op, src if sha is None else sha, spa, tha, tpa, **how))
        return Case('arp ' + name, ('a', frame + pad, True))

    for tpa in (ME, '10.0.0.11', '10.0.1.1', '192.0.2.9', '10.0.0.2', '10.0.0.77', '10.0.0.255',
                '10.0.0.0', '172.16.1.1', '8.8.8.8', '127.0.0.1', '224.0.0.1', '255.255.255.255', '0.0.0.0'):
        yield send('for %s' % tpa, tpa=tpa)
        yield send('for %s to us alone' % tpa, dst=me, tpa=tpa)
        yield send('probe for %s' % tpa, spa='0.0.0.0', tpa=tpa)
        yield send('announcement of %s' % tpa, spa=tpa, tpa=tpa)
        yield send('reply of %s' % tpa, op=2, dst=me, spa=tpa, tha=me)
    for spa in ('10.0.1.7', '192.168.9.9', '127.0.0.1', '224.0.0.1', '255.255.255.255', '10.0.0.255',
                '10.0.0.1', '10.0.1.1', '0.1.2.3', '240.0.0.1', '172.17.1.1', '172.18.1.1', '8.8.8.8',
                '10.0.0.0', '10.0.1.255'):
        yield send('from %s' % spa, spa=spa)
    unbelieved = 'group hardware addresses are not believed'
    for what, sha in (('broadcast', BROADCAST), ('multicast', b'\1\0\x5e\0\0\1'), ('zero', zero),
                      ('our own', me), ('another', mac('02:11:22:33:44:55'))):
        case = send('with %s hardware address' % what, sha=sha)
        case.differs = unbelieved if sha[0] & 1 else ''
        yield case
        yield send('in a frame from a %s address' % what, src=sha, sha=host)
    for op in (0, 2, 3, 4, 8, 9, 255, 65535):
        yield send('operation %u' % op, op=op)
    for how in ({'hrd': 0}, {'hrd': 6}, {'hrd': 2}, {'pro': 0x0806}, {'pro': 0x86dd}, {'hln': 5},
                {'hln': 8}, {'hln': 0}, {'pln': 16}, {'pln': 0}, {'pln': 3}):
        yield send('with %s' % how, **how)
    for pad in (1, 18, 100):
        yield send('with %u bytes behind' % pad, pad=pattern(pad))
    whole = arp(1, host, '10.0.0.9', zero, ME)
    for i in range(0, 28):
        yield Case('arp cut after %u bytes' % i, ('a', eth(BROADCAST, host, ETH_ARP, whole[:i]), True))
    yield Case('arp in a frame for another', ('a', eth(b'\2\0\0\0\x77\x77', host, ETH_ARP, whole), True))
    # what was learned is used
    yield Case('arp request teaches', ('a', eth(BROADCAST, mac('02:00:00:00:dd:01'), ETH_ARP, arp(
        1, mac('02:00:00:00:dd:01'), '10.0.0.201', zero, ME)), True), 60,
        via4(ip4('10.0.1.2', '10.0.0.201', UDP, pattern(20)), link='b'))
    yield Case('gratuitous arp does not teach', ('a', eth(BROADCAST, mac('02:00:00:00:dd:02'), ETH_ARP, arp(
        1, mac('02:00:00:00:dd:02'), '10.0.0.202', zero, '10.0.0.202')), True), 60,
        via4(ip4('10.0.1.2', '10.0.0.202', UDP, pattern(20)), link='b') + (True,))
    yield Case('arp request teaches another address', ('a', eth(BROADCAST, mac('02:00:00:00:dd:03'), ETH_ARP, arp(
        1, mac('02:00:00:00:dd:03'), '10.0.0.201', zero, ME)), True), 60,
        via4(ip4('10.0.1.2', '10.0.0.201', UDP, pattern(20)), link='b'))
    yield Case('asks, and sends what waited', via4(ip4('10.0.1.2', '10.0.0.203', UDP, pattern(20)), link='b') + (True,),
               ('a', eth(me, mac('02:00:00:00:dd:04'), ETH_ARP, arp(
                   2, mac('02:00:00:00:dd:04'), '10.0.0.203', me, ME)), True))
    yield Case('keeps several that wait', *[via4(ip4('10.0.1.2', '10.0.0.204', UDP, pattern(20 + i)), link='b')
                                            for i in range(5)],
               ('a', eth(me, mac('02:00:00:00:dd:05'), ETH_ARP, arp(
                   2, mac('02:00:00:00:dd:05'), '10.0.0.204', me, ME))))
    yield Case('asks for a gateway', via4(ip4(fresh(), '172.24.1.1', UDP, pattern(20))) + (True,))
    yield Case('asks for an echo reply', via4(ip4('10.0.0.205', ME, ICMP, icmp(8))) + (True,))


def unanswered():
    """Slow: three requests, one a second"""
    yield Case('host unreachable', via4(ip4('10.0.1.2', '10.0.0.210', UDP, pattern(20)), link='b') + (True,),
               1500, 1000, 1000)


def fragments():
    for target, link in (('172.20.1.1', 'c'), ('172.21.1.1', 'd'), ('172.22.1.1', 'b'), ('10.0.3.2', 'd'),
                         ('10.0.2.2', 'c')):
        for n in (500, 548, 549, 553, 556, 557, 900, 972, 973, 1000, 1252, 1253, 1300, 1400, 1471, 1472):
            yield Case('%u bytes to %s' % (n, target), via4(ip4(fresh(), target, UDP, pattern(8 + n))))
        for n in (549, 1253, 1472):
            yield Case('%u bytes with DF to %s' % (n, target),
                       via4(ip4(fresh(), target, UDP, pattern(8 + n), off=DF)))
            yield Case('%u bytes, last fragment, to %s' % (n, target),
                       via4(ip4(fresh(), target, UDP, pattern(8 + n), off=100)))
            yield Case('%u bytes, in the middle, to %s' % (n, target),
                       via4(ip4(fresh(), target, UDP, pattern(8 + n & ~7), off=100 | MF)))
            yield Case('%u bytes, fragment with DF, to %s' % (n, target),
                       via4(ip4(fresh(), target, UDP, pattern(8 + n & ~7), off=100 | MF | DF)))
            for name, o in (('nop', b'\1\1\1\0'), ('stream id', b'\x88\4\0\1'), ('unknown', b'\x1e\4\1\2'),
                            ('many', b'\x1e\4\1\2\x9e\4\1\2\x88\4\0\1\1\1\1\0')):
                yield Case('%u bytes with option %s to %s' % (n, name, target),
                           via4(ip4(fresh(), target, UDP, pattern(8 + n - 20), opts=o)))
        yield Case('1472 bytes with ttl 1 to %s' % target,
                   via4(ip4(fresh(), target, UDP, pattern(1480), ttl=1)))
    for link, src in (('d', '10.0.3.3'), ('c', '10.0.2.3')):
        for n in (400, 548, 549, 1000):
            yield Case('echo of %u bytes from %s' % (n, src),
                       via4(ip4(src, '10.0.0.1', ICMP, icmp(8, payload=pattern(min(n, 548))))
                            if link == 'd' else ip4(src, '10.0.0.1', ICMP, icmp(8, payload=pattern(n))), link=link))
    # an answer that is larger than its link: asked from elsewhere
    yield Case('echo whose answer is cut', via4(ip4('10.0.3.3', ME, ICMP, icmp(8, payload=pattern(1400)))))
    yield Case('echo with DF whose answer is cut',
               via4(ip4('10.0.3.3', ME, ICMP, icmp(8, payload=pattern(1400)), off=DF)))


def cases():
    for part in (echoes, messages, closed, options, fragments):
        yield from part()
