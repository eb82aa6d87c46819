# SPDX-License-Identifier: BSD-3-Clause
"""Fragments addressed to the router: put together, in any order; overlaps and holes."""
from case import Case, fresh, fresh6, via4, via6
from frames import FRAG6, ICMP, ICMP6, MF, UDP, frag6, icmp, icmp6, ip4, ip6, pattern, udp

ME, ME6 = '10.0.0.1', '2001:db8:a::1'

# (begin, end, more) in bytes of a datagram of 72
SHAPES = {
    'in order': ((0, 24, 1), (24, 48, 1), (48, 72, 0)),
    'backwards': ((48, 72, 0), (24, 48, 1), (0, 24, 1)),
    'mixed': ((24, 48, 1), (0, 24, 1), (48, 72, 0)),
    'of 8': tuple((i, i + 8, int(i < 64)) for i in range(0, 72, 8)),
    'odd last': ((0, 64, 1), (64, 71, 0)),
    'a hole': ((0, 24, 1), (48, 72, 0)),
    'no first': ((24, 48, 1), (48, 72, 0)),
    'no last': ((0, 24, 1), (24, 72, 1)),
    'twice the same': ((0, 24, 1), (0, 24, 1), (24, 72, 0)),
    'inside': ((0, 48, 1), (8, 24, 1), (48, 72, 0)),
    'inside a run': ((0, 24, 1), (24, 48, 1), (16, 32, 1), (48, 72, 0)),
    'overlap': ((0, 32, 1), (24, 72, 0)),
    'overlap, then again': ((0, 32, 1), (24, 48, 1), (0, 24, 1), (24, 72, 0)),
    'around': ((24, 48, 1), (0, 72, 0)),
    'two ends': ((0, 24, 1), (24, 72, 0), (24, 64, 0)),
    'end before': ((0, 48, 1), (24, 40, 0), (48, 72, 0)),
    'beyond the end': ((24, 72, 0), (72, 80, 1), (0, 24, 1)),
    'empty': ((0, 24, 1), (24, 24, 1), (24, 72, 0)),
    'odd middle': ((0, 24, 1), (24, 45, 1), (40, 72, 0)),
    'too far': ((0, 24, 1), (65528, 65600, 0)),
    'overlap with the last': ((48, 72, 0), (40, 56, 1), (0, 48, 1)),
    'first last': ((24, 72, 0), (0, 24, 1)),
}


def parts4(src, proto, data, shape, ident, **how):
    return [via4(ip4(src, ME, proto, (data + b'\0' * 80 if b < 1000 else data)[b % 1000:b % 1000 + e - b],
                     ident=ident, off=b // 8 | (MF if m else 0), **how)) for b, e, m in shape]


def parts6(src, proto, data, shape, ident, dst=ME6, **how):
    return [via6(ip6(src, dst, FRAG6, frag6(proto, b // 8, m, ident) + (data + b'\0' * 80)[b % 1000:b % 1000 + e - b],
                     **how)) for b, e, m in shape]


def whole4():
    for i, (name, shape) in enumerate(SHAPES.items()):
        src = fresh()
        yield Case('echo, fragments %s' % name, *parts4(src, ICMP, icmp(8, payload=pattern(64)), shape, 100 + i))
        src = fresh()
        yield Case('udp, fragments %s' % name, *parts4(src, UDP, udp(src, ME, pattern(64)), shape, 200 + i))
    src = fresh()
    echo = icmp(8, payload=pattern(64))
    a, b = parts4(src, ICMP, echo, SHAPES['first last'], 7), parts4(src, ICMP, echo, SHAPES['first last'], 8)
    yield Case('two packets, fragments mixed', a[0], b[0], a[1], b[1])
    a, b = parts4(src, ICMP, echo, SHAPES['first last'], 9), parts4(fresh(), ICMP, echo, SHAPES['first last'], 9)
    yield Case('two senders, fragments mixed', a[0], b[0], b[1], a[1])
    a, b = parts4(src, ICMP, echo, SHAPES['first last'], 10), parts4(src, UDP, udp(src, ME, pattern(64)),
                                                                    SHAPES['first last'], 10)
    yield Case('two protocols, fragments mixed', a[0], b[0], b[1], a[1])
    for n in (1400, 1472, 1473, 2000, 3000, 8000, 20000):
        data = icmp(8, payload=pattern(n))
        src = fresh()
        shape = [(at, min(at + 1480, len(data)), int(at + 1480 < len(data))) for at in range(0, len(data), 1480)]
        steps = [via4(ip4(src, ME, ICMP, data[b:e], ident=50, off=b // 8 | (MF if m else 0))) for b, e, m in shape]
        yield Case('echo of %u bytes in fragments' % n, *steps)
        yield Case('echo of %u bytes in fragments, backwards' % n, *reversed(steps))
    for opts in (b'\1\1\1\0', b'\x1e\4\1\2'):
        yield Case('echo in fragments with options', *parts4(fresh(), ICMP, echo, SHAPES['in order'], 60, opts=opts))
    for tos in (1, 2, 3):
        yield Case('echo in fragments with ECN %u' % tos, *parts4(fresh(), ICMP, echo, SHAPES['in order'], 61, tos=tos))


def whole6():
    for i, (name, shape) in enumerate(SHAPES.items()):
        src = fresh6()
        yield Case('echo6, fragments %s' % name,
                   *parts6(src, ICMP6, icmp6(src, ME6, 128, payload=pattern(64)), shape, 100 + i))
        src = fresh6()
        yield Case('udp6, fragments %s' % name, *parts6(src, UDP, udp(src, ME6, pattern(64)), shape, 200 + i))
    for n in (1400, 2000, 5000, 20000):
        src = fresh6()
        data = icmp6(src, ME6, 128, payload=pattern(n))
        steps = [via6(ip6(src, ME6, FRAG6, frag6(ICMP6, at // 8, int(at + 1440 < len(data)), 77) + data[at:at + 1440]))
                 for at in range(0, len(data), 1440)]
        yield Case('echo6 of %u bytes in fragments' % n, *steps)
    for proto, need in ((UDP, 8), (ICMP6, 8), (6, 20), (99, 1), (60, 8)):
        for n in (0, need - 1, need, need + 1, 16, 24):
            yield Case('protocol %u, first fragment of %u bytes' % (proto, n), via6(
                ip6(fresh6(), ME6, FRAG6, frag6(proto, 0, 1, n) + pattern(n))))
    for n in range(0, 8):
        yield Case('fragment header of %u bytes' % n, via6(ip6(fresh6(), ME6, FRAG6, frag6(UDP, 1, 1, 5)[:n])))
    for nested in (UDP, FRAG6):
        yield Case('fragments of a fragment of %u' % nested, *parts6(
            fresh6(), FRAG6, frag6(nested, 0, 1, 3) + pattern(64), SHAPES['first last'], 44))
    src = fresh6()
    yield Case('echo6 in one fragment', *parts6(src, ICMP6, icmp6(src, ME6, 128, payload=pattern(64)), ((0, 72, 0),), 5))
    yield Case('udp6 in one fragment', *parts6(src, UDP, udp(src, ME6, pattern(64)), ((0, 72, 0),), 5))


def cases():
    yield from whole4()
    yield from whole6()
